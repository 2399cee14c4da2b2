//! What `taskyard bench limit` found, and the shares of it that other benches reach.

use serde::Serialize;

use super::lines::{hundredths, print_memory, rates, row};
use crate::cli::bench::figures::Spread;
use crate::cli::error::CliError;
use crate::cli::format::thousands;
use crate::cli::output;

#[derive(Debug, Serialize)]
pub struct LimitReport {
    /// In each measurement. Each found exactly these in its file when that was opened again.
    pub jobs: u32,
    pub rounds: u32,
    /// As the database reports it.
    pub durability: String,
    pub adds: Vec<LimitFigure>,
    pub rundown: Vec<LimitFigure>,
    pub peak_memory_bytes: Option<u64>,
}

/// Bare row work in transactions of one size.
#[derive(Clone, Debug, Serialize)]
pub struct LimitFigure {
    pub jobs_per_transaction: u32,
    pub jobs_per_s: Spread,
}

/// What was reached of a limit, round for round.
#[derive(Clone, Debug, Serialize)]
pub struct Share {
    /// Of the bare row work.
    pub jobs_per_transaction: u32,
    pub share: Spread,
}

impl LimitReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        let jobs = thousands(u64::from(self.jobs));
        output::line(&format!("the row work of {jobs} jobs, bare, in one thread; {} rounds", self.rounds))?;
        row("durability", &self.durability)?;
        print_limits("add", &self.adds)?;
        print_limits("claim, finish", &self.rundown)?;
        print_memory(self.peak_memory_bytes)?;
        row("check", &format!("passed: each time all {jobs} are in the file opened again"))
    }
}

/// A line for each size of transactions.
pub(super) fn print_limits(name: &str, figures: &[LimitFigure]) -> Result<(), CliError> {
    figures.iter().try_for_each(|figure| {
        let (size, jobs) = (thousands(u64::from(figure.jobs_per_transaction)), rates(&figure.jobs_per_s));
        row(name, &format!("{jobs} jobs/s, {size} a transaction"))
    })
}

/// The headings of the shares' columns, for [`share_cells`].
pub(super) fn share_headings(figures: &[LimitFigure]) -> Vec<String> {
    let size = |figure: &LimitFigure| thousands(u64::from(figure.jobs_per_transaction));
    figures.iter().map(|figure| format!("of the limit at {}", size(figure))).collect()
}

pub(super) fn share_cells(shares: &[Share]) -> impl Iterator<Item = String> {
    shares.iter().map(|share| hundredths(&share.share))
}
