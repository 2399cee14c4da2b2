//! What `taskyard bench backlog` found.

use serde::{Deserialize, Serialize};

use super::lines::{hundredths, rate, row};
use crate::cli::bench::args::StoredAs;
use crate::cli::bench::figures::Spread;
use crate::cli::error::CliError;
use crate::cli::format::{bytes, thousands};
use crate::cli::output;
use crate::cli::table::Table;

/// One measurement, as its process tells it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseFound {
    /// As the database reports it.
    pub durability: String,
    /// From the call to the listener that takes connections.
    pub start_ms: f64,
    /// Of the process, before anything is asked of it. None where the system does not tell.
    pub memory_after_start_bytes: Option<u64>,
    /// One by one.
    pub adds_per_s: f64,
    /// In calls of 1,000 jobs, by one caller.
    pub bulk_adds_per_s: f64,
    /// Run down.
    pub jobs_per_s: f64,
    /// Of the process, its callers and tabs included.
    pub peak_memory_bytes: Option<u64>,
    /// Jobs there must be at the end.
    pub expected: u64,
    pub began: u64,
    /// As many must have begun.
    pub completed: u64,
    pub counted_after_reopening: u64,
    pub read_after_reopening: u64,
}

impl CaseFound {
    pub fn passed(&self) -> bool {
        self.began == self.completed
            && [self.counted_after_reopening, self.read_after_reopening]
                .into_iter()
                .all(|count| count == self.expected)
    }
}

#[derive(Debug, Serialize)]
pub struct BacklogReport {
    /// Added one by one; as many again in bulk.
    pub jobs: u64,
    pub concurrency: u32,
    pub callers: u32,
    pub rounds: u32,
    pub durability: String,
    /// The empty yard first.
    pub figures: Vec<BacklogFigures>,
}

#[derive(Debug, Serialize)]
pub struct BacklogFigures {
    pub stored: u64,
    pub stored_as: StoredAs,
    pub tabs: u32,
    pub start_ms: Spread,
    pub adds_per_s: Spread,
    pub bulk_adds_per_s: Spread,
    pub jobs_per_s: Spread,
    /// Round for round, as the next two.
    pub adds_by_empty: Spread,
    pub bulk_adds_by_empty: Spread,
    pub jobs_by_empty: Spread,
    pub memory_after_start_bytes: Option<u64>,
    pub peak_memory_bytes: Option<u64>,
    /// One for each round.
    pub rounds: Vec<CaseFound>,
}

impl BacklogFigures {
    /// `empty`: what was found of the empty yard, round for round. Memory is the most of any round.
    pub fn of(
        stored: u64,
        stored_as: StoredAs,
        tabs: u32,
        rounds: Vec<CaseFound>,
        empty: &[CaseFound],
    ) -> Self {
        let spread = |of: fn(&CaseFound) -> f64| Spread::of(rounds.iter().map(of).collect());
        let by_empty = |of: fn(&CaseFound) -> f64| {
            Spread::of(rounds.iter().zip(empty).map(|(found, empty)| of(found) / of(empty)).collect())
        };
        BacklogFigures {
            stored,
            stored_as,
            tabs,
            start_ms: spread(|found| found.start_ms),
            adds_per_s: spread(|found| found.adds_per_s),
            bulk_adds_per_s: spread(|found| found.bulk_adds_per_s),
            jobs_per_s: spread(|found| found.jobs_per_s),
            adds_by_empty: by_empty(|found| found.adds_per_s),
            bulk_adds_by_empty: by_empty(|found| found.bulk_adds_per_s),
            jobs_by_empty: by_empty(|found| found.jobs_per_s),
            memory_after_start_bytes: rounds.iter().filter_map(|found| found.memory_after_start_bytes).max(),
            peak_memory_bytes: rounds.iter().filter_map(|found| found.peak_memory_bytes).max(),
            rounds,
        }
    }

    fn name(&self) -> String {
        match (self.stored, self.tabs) {
            (0, 0) => "empty".to_owned(),
            (0, tabs) => format!("{tabs} tabs"),
            (stored, _) => format!("{} {}", thousands(stored), self.stored_as.as_str()),
        }
    }
}

impl BacklogReport {
    pub fn print(&self, json: bool) -> Result<(), CliError> {
        if json {
            return output::json(self);
        }
        output::line(&format!(
            "{} jobs added by {} callers, as many in bulk, and as many as both run at concurrency {}; {} rounds, medians",
            thousands(self.jobs),
            self.callers,
            self.concurrency,
            self.rounds
        ))?;
        row("durability", &self.durability)?;
        row("check", &self.failed().unwrap_or_else(passed))?;
        let mut table = Table::new(&[
            "yard",
            "adds/s",
            "of empty",
            "bulk adds/s",
            "of empty",
            "run down/s",
            "of empty",
            "start",
            "memory then",
            "peak memory",
        ]);
        for figures in &self.figures {
            let memory = |memory: Option<u64>| memory.map_or_else(|| "not measured".to_owned(), bytes);
            table.row([
                figures.name(),
                rate(figures.adds_per_s.median),
                hundredths(&figures.adds_by_empty),
                rate(figures.bulk_adds_per_s.median),
                hundredths(&figures.bulk_adds_by_empty),
                rate(figures.jobs_per_s.median),
                hundredths(&figures.jobs_by_empty),
                format!("{:.0} ms", figures.start_ms.median),
                memory(figures.memory_after_start_bytes),
                memory(figures.peak_memory_bytes),
            ]);
        }
        output::table(&table)
    }

    /// What failed, in a sentence.
    pub fn failed(&self) -> Option<String> {
        let wrong = self.figures.iter().flat_map(|figures| &figures.rounds).find(|found| !found.passed())?;
        Some(format!(
            "FAILED: {} began and {} completed; of {} jobs, the file opened again has {} by the counts and {} by its rows",
            wrong.began,
            wrong.completed,
            wrong.expected,
            wrong.counted_after_reopening,
            wrong.read_after_reopening
        ))
    }
}

fn passed() -> String {
    "passed: each time what began has completed, and no job is missing in the file opened again".to_owned()
}
