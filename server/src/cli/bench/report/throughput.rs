//! What `taskyard bench throughput` found.

use serde::Serialize;

use super::Check;
use super::lines::{print_memory, print_retries, print_tabs, rate, row};
use crate::cli::bench::args::StoredAs;
use crate::cli::bench::figures::Latency;
use crate::cli::bench::tabs::TabFigures;
use crate::cli::error::CliError;
use crate::cli::format::thousands;
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
        print_retries(self.retries)?;
        print_tabs(self.tabs)?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.check.sentence())
    }
}
