//! What `taskyard bench add` found.

use serde::Serialize;

use super::limit::{print_limits, share_cells, share_headings};
use super::lines::{print_memory, print_retries, rates, row};
use super::{LimitFigure, Share};
use crate::cli::bench::args::Via;
use crate::cli::bench::figures::{Latency, Spread};
use crate::cli::error::CliError;
use crate::cli::format::thousands;
use crate::cli::output;
use crate::cli::table::Table;

#[derive(Debug, Serialize)]
pub struct AddReport {
    pub rounds: u32,
    /// How long each was measured in each round, in milliseconds.
    pub for_ms: u64,
    /// As the database reports it.
    pub durability: String,
    pub figures: Vec<AddFigures>,
    /// The same row work bare; empty unless it was asked for.
    pub limit: Vec<LimitFigure>,
    /// Of this process: the yard together with its callers.
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct AddFigures {
    pub via: Via,
    pub callers: u32,
    /// Jobs in a call.
    pub bulk: u32,
    /// Jobs, not calls.
    pub adds_per_s: Spread,
    /// From a call to its answer, refusals for a moment and calling again included; over all rounds.
    pub call: Latency,
    /// Calls that were refused for a moment, and made again.
    pub retries: u64,
    /// One for each limit.
    pub of_limit: Vec<Share>,
    /// One for each round.
    pub checks: Vec<AddCheck>,
}

/// Whether exactly the jobs that were acknowledged are there, by every way to count them.
#[derive(Debug, Serialize)]
pub struct AddCheck {
    pub acknowledged: u64,
    pub counted: u64,
    pub counted_after_reopening: u64,
    pub read_after_reopening: u64,
}

impl AddCheck {
    pub fn passed(&self) -> bool {
        [self.counted, self.counted_after_reopening, self.read_after_reopening]
            .into_iter()
            .all(|count| count == self.acknowledged)
    }

    pub fn sentence(&self) -> String {
        let acknowledged = thousands(self.acknowledged);
        match self.passed() {
            true => format!("passed: {acknowledged} acknowledged, and in the file opened again"),
            false => format!(
                "FAILED: of {acknowledged} acknowledged, {} wait by the counts; in the file opened again {} by the counts, {} by its rows",
                self.counted, self.counted_after_reopening, self.read_after_reopening
            ),
        }
    }
}

impl AddReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        output::line(&format!(
            "adds to a queue that stands still, {} ms each; {} rounds",
            thousands(self.for_ms),
            self.rounds
        ))?;
        row("durability", &self.durability)?;
        print_limits("limit", &self.limit)?;
        print_retries(self.figures.iter().map(|figures| figures.retries).sum())?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &self.failed().map_or_else(|| self.passed(), AddCheck::sentence))?;
        let shares = share_headings(&self.limit);
        let headings = ["via", "callers", "jobs a call", "adds/s", "call p50 ms", "p99 ms"].into_iter();
        let headings: Vec<&str> = headings.chain(shares.iter().map(String::as_str)).collect();
        let mut table = Table::new(&headings);
        for figures in &self.figures {
            let cells = [
                figures.via.as_str().to_owned(),
                thousands(u64::from(figures.callers)),
                thousands(u64::from(figures.bulk)),
                rates(&figures.adds_per_s),
                format!("{:.2}", figures.call.p50_ms),
                format!("{:.2}", figures.call.p99_ms),
            ];
            table.row(cells.into_iter().chain(share_cells(&figures.of_limit)));
        }
        output::table(&table)
    }

    /// The first check that failed.
    pub fn failed(&self) -> Option<&AddCheck> {
        self.checks().find(|check| !check.passed())
    }

    fn passed(&self) -> String {
        let all = thousands(self.checks().map(|check| check.acknowledged).sum());
        format!("passed: each time as many as were acknowledged are in the file opened again; {all} in all")
    }

    fn checks(&self) -> impl Iterator<Item = &AddCheck> {
        self.figures.iter().flat_map(|figures| &figures.checks)
    }
}
