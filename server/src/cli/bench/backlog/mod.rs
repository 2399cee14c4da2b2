//! `taskyard bench backlog`: what jobs that are there already, and tabs that watch, cost adding, running and starting.
//!
//! Each yard is filled once. Each measurement gets a copy of the file and a process of its own, so that its memory is
//! its own; the empty yard is measured first in each round, and the others are told as shares of it.

pub mod case;

use std::path::Path;

use taskyard::shared::queue::QueueChange;

use super::args::{BacklogArgs, BacklogWorkArgs, StoredAs};
use super::host::Host;
use super::probe::QUEUE;
use super::report::{BacklogFigures, BacklogReport, CaseFound};
use super::run::{DataFolder, failed, not_once_more, once_more};
use super::stored::{add_in_bulk, pause, until_completed};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// How many jobs run at a time while a yard is filled with finished ones.
const FILLING: u32 = 1_000;

/// Which yard is to be measured.
#[derive(Clone, Copy)]
struct Plan {
    stored: u64,
    stored_as: StoredAs,
    tabs: u32,
}

/// It is filled.
struct Yard {
    plan: Plan,
    filled: DataFolder,
    found: Vec<CaseFound>,
}

pub async fn run(args: BacklogArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut yards = Vec::new();
    for plan in plans(&args) {
        yards.push(Yard::fill(&folder, plan, args.work.concurrency).await?);
    }
    for round in 1..=args.rounds {
        for yard in &mut yards {
            yard.measure(&folder, round, args.work).await?;
        }
    }
    let empty = yards.first().map(|yard| yard.found.clone()).unwrap_or_default();
    let report = BacklogReport {
        jobs: args.work.jobs,
        concurrency: args.work.concurrency,
        callers: args.work.adding.callers,
        rounds: args.rounds,
        durability: empty.first().map(|found| found.durability.clone()).unwrap_or_default(),
        figures: yards.into_iter().map(|yard| yard.figures(&empty)).collect(),
    };
    report.print(args.common.json)?;
    report.failed().map_or(Ok(Exit::Done), |failed| Err(CliError::Failed(failed)))
}

/// The empty yard first.
fn plans(args: &BacklogArgs) -> Vec<Plan> {
    let empty = Plan { stored: 0, stored_as: StoredAs::Waiting, tabs: 0 };
    let mut plans = vec![empty];
    if args.tabs > 0 {
        plans.push(Plan { tabs: args.tabs, ..empty });
    }
    for stored_as in &args.stored_as {
        plans.extend(args.stored.iter().map(|stored| Plan {
            stored: *stored,
            stored_as: *stored_as,
            tabs: 0,
        }));
    }
    plans
}

impl Yard {
    async fn fill(folder: &DataFolder, plan: Plan, concurrency: u32) -> Result<Yard, CliError> {
        let Plan { stored, stored_as, tabs } = plan;
        let filled = folder.case(&format!("filled-{}-{stored}-{tabs}-tabs", stored_as.as_str()))?;
        if stored > 0 {
            output::remark(&format!("storing {stored} jobs, {}", stored_as.as_str()));
        }
        let host = Host::start(filled.path(), FILLING).await?;
        pause(&host, stored_as == StoredAs::Waiting).await?;
        add_in_bulk(&host, stored, None).await?;
        if stored_as == StoredAs::Finished {
            until_completed(&host.yard, stored).await?;
        }
        // As it is found by the measurements.
        let left =
            QueueChange { paused: Some(true), concurrency: Some(concurrency), ..QueueChange::default() };
        let set = host.yard.configure(QUEUE.to_owned(), left).await;
        set.map_err(|error| failed("the queue could not be set up", error))?;
        host.stop().await?;
        Ok(Yard { plan, filled, found: Vec::new() })
    }

    async fn measure(
        &mut self,
        folder: &DataFolder,
        round: u32,
        work: BacklogWorkArgs,
    ) -> Result<(), CliError> {
        let Plan { stored, stored_as, tabs } = self.plan;
        let name = format!("{}-{stored}-{tabs}-tabs-{round}", stored_as.as_str());
        let copy = folder.case(&name)?;
        let (from, to) = (self.filled.path().to_owned(), copy.path().to_owned());
        let copied = tokio::task::spawn_blocking(move || copy_files(&from, &to)).await;
        copied
            .map_err(|error| failed("the copying ended", error))?
            .map_err(|error| failed("the filled data folder could not be copied", error))?;
        self.found.push(in_a_process_of_its_own(copy.path(), tabs, work).await?);
        Ok(())
    }

    fn figures(self, empty: &[CaseFound]) -> BacklogFigures {
        let Plan { stored, stored_as, tabs } = self.plan;
        BacklogFigures::of(stored, stored_as, tabs, self.found, empty)
    }
}

/// The files of a folder whose yard has stopped. The copies are on the disk when it returns: otherwise the first
/// commits of what is measured would wait for all of it to be written.
fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let copy = to.join(entry.file_name());
            std::fs::copy(entry.path(), &copy)?;
            std::fs::File::open(copy)?.sync_all()?;
        }
    }
    Ok(())
}

async fn in_a_process_of_its_own(
    dir: &Path,
    tabs: u32,
    work: BacklogWorkArgs,
) -> Result<CaseFound, CliError> {
    let child = once_more()?
        .args(["backlog-case", "--dir"])
        .arg(dir)
        .args(["--tabs", &tabs.to_string()])
        .args(["--jobs", &work.jobs.to_string()])
        .args(["--concurrency", &work.concurrency.to_string()])
        .args(["--callers", &work.adding.callers.to_string()])
        .output()
        .await
        .map_err(not_once_more)?;
    if !child.status.success() {
        return Err(failed("a measurement failed", child.status));
    }
    serde_json::from_slice(&child.stdout).map_err(|error| failed("a measurement said something else", error))
}
