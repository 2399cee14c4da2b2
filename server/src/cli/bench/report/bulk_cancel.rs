//! What `taskyard bench bulk-cancel` found.

use serde::Serialize;

use super::lines::{hundredths, print_memory, print_retries, rates, row};
use crate::cli::bench::figures::Spread;
use crate::cli::error::CliError;
use crate::cli::format::thousands;
use crate::cli::output;

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
        print_retries(self.retries)?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.check.sentence())
    }
}
