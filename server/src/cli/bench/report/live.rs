//! What `taskyard bench sustained` and `watch` found.

use serde::Serialize;

use super::Check;
use super::lines::{rate, row};
use crate::cli::bench::args::RateArgs;
use crate::cli::bench::figures::Latency;
use crate::cli::bench::watch::host::IdleMemory;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{bytes, thousands};
use crate::cli::output;
use crate::cli::table::Table;

#[derive(Debug, Serialize)]
pub struct LiveReport {
    /// Adds a second that were asked for.
    pub rate: u32,
    pub for_ms: u64,
    pub durability: String,
    pub figures: Vec<LiveFigures>,
    /// None where it was not asked for, or the system does not tell.
    pub idle_memory: Option<IdleMemory>,
}

#[derive(Debug, Serialize)]
pub struct LiveFigures {
    /// As the database reports it.
    #[serde(skip)]
    pub durability: String,
    pub tabs: u32,
    /// Different views among them, besides that of the queues.
    pub views: u32,
    /// Tabs that never read.
    pub never_read: u32,
    pub adds_per_s: f64,
    /// From the moment at which the add was due to the start of the work.
    pub add_to_start: Latency,
    /// From the answer, which comes after the commit, until every tab that reads had been shown the job or a later one.
    pub commit_to_last_tab: Option<Latency>,
    /// Frames to all tabs.
    pub deliveries_per_s: f64,
    pub bytes_per_tab_per_s: f64,
    /// Processor time of the server by the time measured, clients left out. None where the system does not tell.
    pub server_cores: Option<f64>,
    /// Tabs that read, and lost their connection.
    pub tabs_lost: u64,
    pub check: Check,
}

impl LiveReport {
    pub fn of(load: RateArgs, figures: Vec<LiveFigures>, idle_memory: Option<IdleMemory>) -> Self {
        let durability = figures.first().map(|figures| figures.durability.clone()).unwrap_or_default();
        LiveReport { rate: load.rate, for_ms: load.for_ms, durability, figures, idle_memory }
    }

    /// Prints it; fails when a check failed.
    pub fn finish(&self, json: bool) -> Result<Exit, CliError> {
        if json {
            output::json(self)?;
        } else {
            self.print()?;
        }
        self.failed().map_or(Ok(Exit::Done), |failed| Err(CliError::Failed(failed)))
    }

    fn print(&self) -> Result<(), CliError> {
        output::line(&format!(
            "{} jobs a second are added, each when it is due, for {} ms",
            thousands(u64::from(self.rate)),
            thousands(self.for_ms)
        ))?;
        row("durability", &self.durability)?;
        if let Some(idle) = self.idle_memory {
            row("idle server", &bytes(idle.server_bytes))?;
            row(
                "idle tab",
                &format!("{}, of {} tabs", bytes(idle.per_tab_bytes), thousands(u64::from(idle.tabs))),
            )?;
        }
        row("check", &self.failed().unwrap_or_else(passed))?;
        let mut table = Table::new(&[
            "tabs",
            "views",
            "never read",
            "adds/s",
            "add to start p50",
            "p99",
            "p99.9",
            "commit to last tab p50",
            "p99",
            "p99.9",
            "frames/s",
            "a tab",
            "server cores",
        ]);
        for figures in &self.figures {
            let [start_p50, start_p99, start_p999] = times(Some(&figures.add_to_start));
            let [tab_p50, tab_p99, tab_p999] = times(figures.commit_to_last_tab.as_ref());
            table.row([
                thousands(u64::from(figures.tabs)),
                thousands(u64::from(figures.views)),
                thousands(u64::from(figures.never_read)),
                rate(figures.adds_per_s),
                start_p50,
                start_p99,
                start_p999,
                tab_p50,
                tab_p99,
                tab_p999,
                rate(figures.deliveries_per_s),
                format!("{}/s", bytes(figures.bytes_per_tab_per_s.round() as u64)),
                figures.server_cores.map_or_else(|| "not measured".to_owned(), |cores| format!("{cores:.2}")),
            ]);
        }
        output::table(&table)
    }

    /// What failed, in a sentence.
    fn failed(&self) -> Option<String> {
        self.figures.iter().find_map(|figures| match (figures.tabs_lost, figures.check.passed()) {
            (0, true) => None,
            (0, false) => Some(figures.check.sentence()),
            (lost, _) => Some(format!("FAILED: {lost} tabs lost their connection")),
        })
    }
}

fn passed() -> String {
    "passed: each job began once, completed, is in the file opened again, and was shown to every tab that reads".to_owned()
}

fn times(latency: Option<&Latency>) -> [String; 3] {
    match latency {
        Some(latency) => [latency.p50_ms, latency.p99_ms, latency.p999_ms].map(|ms| format!("{ms:.2} ms")),
        None => [(); 3].map(|()| "-".to_owned()),
    }
}
