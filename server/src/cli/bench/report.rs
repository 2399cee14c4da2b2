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
        let spread = |spread: &Spread| {
            format!("{} (median; {} to {})", rate(spread.median), rate(spread.least), rate(spread.most))
        };
        row("empty, adds/s", &spread(&self.empty))?;
        row("full, adds/s", &spread(&self.full))?;
        let ratio = &self.ratio;
        row(
            "full by empty",
            &format!("{:.2} (median; {:.2} to {:.2})", ratio.median, ratio.least, ratio.most),
        )?;
        print_tabs(self.tabs)?;
        print_memory(self.peak_memory_bytes)
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
    output::line(&format!("  {name:<14} {value}"))
}

fn rate(per_second: f64) -> String {
    thousands(per_second.round() as u64)
}
