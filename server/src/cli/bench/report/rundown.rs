//! What `taskyard bench rundown` found.

use serde::Serialize;

use super::limit::{print_limits, share_cells, share_headings};
use super::lines::{print_memory, rates, row};
use super::{Check, LimitFigure, Share};
use crate::cli::bench::figures::Spread;
use crate::cli::error::CliError;
use crate::cli::format::thousands;
use crate::cli::output;
use crate::cli::table::Table;

#[derive(Debug, Serialize)]
pub struct RundownReport {
    /// Preloaded each time.
    pub jobs: u64,
    pub rounds: u32,
    /// As the database reports it.
    pub durability: String,
    pub figures: Vec<RundownFigures>,
    /// The same row work bare; empty unless it was asked for.
    pub limit: Vec<LimitFigure>,
    /// Of this process.
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct RundownFigures {
    pub concurrency: u32,
    pub jobs_per_s: Spread,
    pub jobs_per_commit: Spread,
    /// One for each limit.
    pub of_limit: Vec<Share>,
    /// One for each round.
    pub checks: Vec<Check>,
}

impl RundownReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        output::line(&format!(
            "{} no-op jobs wait in a paused queue, which is resumed; {} rounds",
            thousands(self.jobs),
            self.rounds
        ))?;
        row("durability", &self.durability)?;
        print_limits("limit", &self.limit)?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.failed().map_or_else(|| self.passed(), Check::sentence))?;
        let shares = share_headings(&self.limit);
        let headings = ["concurrency", "jobs/s", "jobs a commit"].into_iter();
        let headings: Vec<&str> = headings.chain(shares.iter().map(String::as_str)).collect();
        let mut table = Table::new(&headings);
        for figures in &self.figures {
            let cells = [
                thousands(u64::from(figures.concurrency)),
                rates(&figures.jobs_per_s),
                format!("{:.1}", figures.jobs_per_commit.median),
            ];
            table.row(cells.into_iter().chain(share_cells(&figures.of_limit)));
        }
        output::table(&table)
    }

    /// The first check that failed.
    pub fn failed(&self) -> Option<&Check> {
        self.figures.iter().flat_map(|figures| &figures.checks).find(|check| !check.passed())
    }

    fn passed(&self) -> String {
        let jobs = thousands(self.jobs);
        format!("passed: each time exactly {jobs} began, completed, and are in the file opened again")
    }
}
