//! The lines of every report.

use crate::cli::bench::figures::Spread;
use crate::cli::bench::tabs::TabFigures;
use crate::cli::error::CliError;
use crate::cli::format::{bytes, thousands};
use crate::cli::output;

pub(super) fn print_tabs(tabs: Option<TabFigures>) -> Result<(), CliError> {
    let Some(tabs) = tabs else { return Ok(()) };
    let each = tabs.frames / u64::from(tabs.tabs.max(1));
    row("tabs", &format!("{} frames ({each} a tab), {}", thousands(tabs.frames), bytes(tabs.bytes)))
}

pub(super) fn print_memory(peak: Option<u64>) -> Result<(), CliError> {
    match peak {
        Some(peak) => row("peak memory", &format!("{}, callers and tabs included", bytes(peak))),
        None => row("peak memory", "this system does not tell"),
    }
}

pub(super) fn row(name: &str, value: &str) -> Result<(), CliError> {
    output::line(&format!("  {name:<15} {value}"))
}

pub(super) fn rates(spread: &Spread) -> String {
    in_words(spread, rate)
}

pub(super) fn hundredths(spread: &Spread) -> String {
    in_words(spread, |value| format!("{value:.2}"))
}

pub(super) fn rate(per_second: f64) -> String {
    thousands(per_second.round() as u64)
}

pub(super) fn print_retries(retries: u64) -> Result<(), CliError> {
    match retries {
        0 => Ok(()),
        _ => row("retries", &format!("{} adds were refused for a moment", thousands(retries))),
    }
}

/// A single round has no spread to tell of.
fn in_words(spread: &Spread, word: impl Fn(f64) -> String) -> String {
    let median = word(spread.median);
    match spread.rounds.len() {
        1 => median,
        _ => format!("{median} (median; {} to {})", word(spread.least), word(spread.most)),
    }
}
