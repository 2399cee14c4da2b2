//! What a bench found, for people and for machines.

use serde::Serialize;

use super::args::StoredAs;
use super::figures::{Latency, Spread};
use super::tabs::TabFigures;
use crate::cli::error::CliError;
use crate::cli::format::{bytes, thousands};
use crate::cli::output;

#[derive(Debug, Serialize)]
pub struct ThroughputReport {
    pub jobs: u64,
    pub concurrency: u32,
    pub callers: u32,
    pub stored: u64,
    pub stored_as: StoredAs,
    /// As the database reports it.
    pub durability: String,
    /// Added, run and finished.
    pub jobs_per_s: f64,
    pub adds_per_s: f64,
    pub seconds: f64,
    /// From the call of add to the start of the work.
    pub add_to_start: Latency,
    pub commits: u64,
    pub retries: u64,
    pub tabs: Option<TabFigures>,
    /// Of this process: the yard together with its callers and tabs.
    pub peak_memory_bytes: Option<u64>,
    pub check: Check,
}

/// Whether exactly the jobs that were added have completed, by every way to count them.
#[derive(Debug, Serialize)]
pub struct Check {
    pub expected: u64,
    pub began: u64,
    pub counted: u64,
    pub counted_after_reopening: u64,
    pub read_after_reopening: u64,
}

impl Check {
    pub fn passed(&self) -> bool {
        [self.began, self.counted, self.counted_after_reopening, self.read_after_reopening]
            .into_iter()
            .all(|count| count == self.expected)
    }
}

#[derive(Debug, Serialize)]
pub struct AddsReport {
    pub jobs_per_round: u64,
    pub callers: u32,
    pub stored: u64,
    pub tabs: Option<TabFigures>,
    pub durability: String,
    /// Adds per second to a yard with neither jobs nor tabs.
    pub empty: Spread,
    /// Adds per second to a yard with the stored jobs and the tabs.
    pub full: Spread,
    /// `full` by `empty`, round for round.
    pub ratio: Spread,
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct BulkCancelReport {
    pub jobs: u64,
    pub callers: u32,
    pub durability: String,
    /// Adds per second while nothing else is done.
    pub alone: Spread,
    /// Adds per second while an operation cancels the jobs.
    pub during: Spread,
    /// `during` by `alone`, round for round.
    pub ratio: Spread,
    /// How long the operation took, in seconds.
    pub operation_s: Spread,
    pub retries: u64,
    pub peak_memory_bytes: Option<u64>,
    pub check: BulkCheck,
}

/// Whether exactly the jobs that it should were cancelled in each round, and none that was added is missing.
#[derive(Debug, Serialize)]
pub struct BulkCheck {
    pub expected: u64,
    /// By each operation's own account, round for round.
    pub done: Vec<u64>,
    /// By the counts after each round.
    pub cancelled: Vec<u64>,
    /// In the file opened again, row by row.
    pub cancelled_after_reopening: u64,
    pub added: u64,
    /// In the files opened again, row by row.
    pub added_after_reopening: u64,
}

impl BulkCheck {
    pub fn passed(&self) -> bool {
        self.done.iter().chain(&self.cancelled).all(|count| *count == self.expected)
            && self.cancelled_after_reopening == self.expected
            && self.added_after_reopening == self.added
    }

    pub fn sentence(&self) -> String {
        let (expected, added) = (thousands(self.expected), thousands(self.added));
        match self.passed() {
            true => format!(
                "passed: {expected} cancelled each time, and {added} added, in the files opened again"
            ),
            false => format!(
                "FAILED: of {expected}, the operations say {:?}, the counts {:?}, the file opened again {}; of {added} added, {} are in the files opened again",
                self.done, self.cancelled, self.cancelled_after_reopening, self.added_after_reopening
            ),
        }
    }
}

impl ThroughputReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        let tabs = self.tabs.map_or(0, |tabs| tabs.tabs);
        output::line(&format!(
            "{} no-op jobs, concurrency {}, {} callers, {tabs} tabs, {} jobs stored before ({})",
            thousands(self.jobs),
            self.concurrency,
            self.callers,
            thousands(self.stored),
            self.stored_as.as_str(),
        ))?;
        let per_commit = 1.0 / (self.commits.max(1) as f64) * self.jobs as f64;
        let latency = self.add_to_start;
        row("durability", &self.durability)?;
        row(
            "jobs/s",
            &format!("{} added, run and finished in {:.2} s", rate(self.jobs_per_s), self.seconds),
        )?;
        row("adds/s", &rate(self.adds_per_s))?;
        row(
            "add to start",
            &format!(
                "p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
                latency.p50_ms, latency.p99_ms, latency.max_ms
            ),
        )?;
        row("commits", &format!("{} ({per_commit:.1} jobs each)", thousands(self.commits)))?;
        if self.retries > 0 {
            row("retries", &format!("{} adds were refused for a moment", thousands(self.retries)))?;
        }
        print_tabs(self.tabs)?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.check.sentence())
    }
}

impl AddsReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        let tabs = self.tabs.map_or(0, |tabs| tabs.tabs);
        output::line(&format!(
            "{} adds a round, {} callers; full: {} jobs stored, {tabs} tabs",
            thousands(self.jobs_per_round),
            self.callers,
            thousands(self.stored),
        ))?;
        row("durability", &self.durability)?;
        row("empty, adds/s", &rates(&self.empty))?;
        row("full, adds/s", &rates(&self.full))?;
        row("full by empty", &hundredths(&self.ratio))?;
        print_tabs(self.tabs)?;
        print_memory(self.peak_memory_bytes)
    }
}

impl BulkCancelReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        output::line(&format!(
            "adds while one operation cancels {} waiting jobs, {} callers",
            thousands(self.jobs),
            self.callers,
        ))?;
        row("durability", &self.durability)?;
        row("alone, adds/s", &rates(&self.alone))?;
        row("during, adds/s", &rates(&self.during))?;
        row("during by alone", &hundredths(&self.ratio))?;
        row("operation, s", &hundredths(&self.operation_s))?;
        if self.retries > 0 {
            row("retries", &format!("{} adds were refused for a moment", thousands(self.retries)))?;
        }
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.check.sentence())
    }
}

impl Check {
    pub fn sentence(&self) -> String {
        let expected = thousands(self.expected);
        match self.passed() {
            true => format!("passed: {expected} began, completed, and are in the file opened again"),
            false => format!(
                "FAILED: of {expected}, {} began, {} completed by the counts; in the file opened again {} by the counts, {} by its rows",
                self.began, self.counted, self.counted_after_reopening, self.read_after_reopening
            ),
        }
    }
}

impl StoredAs {
    fn as_str(self) -> &'static str {
        match self {
            StoredAs::Finished => "finished",
            StoredAs::Waiting => "waiting",
        }
    }
}

fn print_tabs(tabs: Option<TabFigures>) -> Result<(), CliError> {
    let Some(tabs) = tabs else { return Ok(()) };
    let each = tabs.frames / u64::from(tabs.tabs.max(1));
    row("tabs", &format!("{} frames ({each} a tab), {}", thousands(tabs.frames), bytes(tabs.bytes)))
}

fn print_memory(peak: Option<u64>) -> Result<(), CliError> {
    match peak {
        Some(peak) => row("peak memory", &format!("{}, callers and tabs included", bytes(peak))),
        None => row("peak memory", "this system does not tell"),
    }
}

fn row(name: &str, value: &str) -> Result<(), CliError> {
    output::line(&format!("  {name:<15} {value}"))
}

fn rates(spread: &Spread) -> String {
    format!("{} (median; {} to {})", rate(spread.median), rate(spread.least), rate(spread.most))
}

fn hundredths(spread: &Spread) -> String {
    format!("{:.2} (median; {:.2} to {:.2})", spread.median, spread.least, spread.most)
}

fn rate(per_second: f64) -> String {
    thousands(per_second.round() as u64)
}
