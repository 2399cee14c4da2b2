//! What `taskyard bench adds` found.

use serde::Serialize;

use super::lines::{hundredths, print_memory, print_tabs, rates, row};
use crate::cli::bench::figures::Spread;
use crate::cli::bench::tabs::TabFigures;
use crate::cli::error::CliError;
use crate::cli::format::thousands;
use crate::cli::output;

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
