//! `taskyard bench adds`: what stored jobs and watching tabs cost whoever adds.
//!
//! Two yards stand side by side for the whole run and are measured in turns, so that whatever else the
//! machine does hits both. Jobs are added to a queue that stands still: adding is measured, not running.
//! Between rounds both yards run what was added; the empty one then deletes it, the full one keeps it.

use std::sync::Arc;
use std::time::Duration;

use taskyard::shared::command::Command;
use taskyard::shared::new_job::NewJob;
use taskyard::shared::queue::QueueChange;

use super::args::{AddsArgs, StoredAs};
use super::figures::{Spread, peak_memory, per_second};
use super::host::{Host, PAUSED_QUEUE};
use super::load::add_one_by_one;
use super::report::AddsReport;
use super::run::{DataFolder, failed};
use super::stored::{counts, store};
use super::tabs::{TabFigures, Tabs};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// How many jobs run at a time while nothing is measured.
const CONCURRENCY: u32 = 100;
const ASK_EVERY: Duration = Duration::from_millis(5);

/// What becomes of a round's jobs once they have run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Afterwards {
    Keep,
    Delete,
}

pub async fn run(args: AddsArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let empty = Host::start(&folder.path().join("empty"), CONCURRENCY).await?;
    let full = Host::start(&folder.path().join("full"), CONCURRENCY).await?;
    output::remark(&format!("storing {} jobs", args.stored));
    store(&full, args.stored, StoredAs::Finished).await?;
    let tabs = Tabs::open(full.address, args.tabs).await?;
    let (empty_rates, full_rates) = measure(&empty, &full, &args).await?;
    let tabs = Tabs::close(tabs).await?;
    let ratios = empty_rates.iter().zip(&full_rates).map(|(empty, full)| full / empty).collect();
    let report = AddsReport {
        jobs_per_round: args.jobs,
        callers: args.adding.callers,
        stored: args.stored,
        tabs,
        durability: full.yard.durability(),
        empty: Spread::of(empty_rates),
        full: Spread::of(full_rates),
        ratio: Spread::of(ratios),
        peak_memory_bytes: peak_memory(),
    };
    empty.stop().await?;
    full.stop().await?;
    report.print(args.common.json)?;
    report.tabs.map_or(Ok(()), TabFigures::check)?;
    Ok(Exit::Done)
}

/// The adds per second of the empty and of the full side, round for round.
async fn measure(empty: &Host, full: &Host, args: &AddsArgs) -> Result<(Vec<f64>, Vec<f64>), CliError> {
    // Not counted: files grow and caches fill.
    round(empty, args, Afterwards::Delete).await?;
    round(full, args, Afterwards::Keep).await?;
    let (mut empty_rates, mut full_rates) = (Vec::new(), Vec::new());
    for number in 0..args.rounds {
        // Whoever goes second may find the machine warmer.
        if number % 2 == 0 {
            empty_rates.push(round(empty, args, Afterwards::Delete).await?);
            full_rates.push(round(full, args, Afterwards::Keep).await?);
        } else {
            full_rates.push(round(full, args, Afterwards::Keep).await?);
            empty_rates.push(round(empty, args, Afterwards::Delete).await?);
        }
    }
    Ok((empty_rates, full_rates))
}

async fn round(host: &Host, args: &AddsArgs, afterwards: Afterwards) -> Result<f64, CliError> {
    let probe = Arc::clone(&host.probe);
    let make = move || NewJob { queue: Some(PAUSED_QUEUE.to_owned()), ..probe.job() };
    let added = add_one_by_one(&host.yard, args.jobs, args.adding.callers, make).await?;
    let pending = counts(&host.yard, PAUSED_QUEUE).await?.pending;
    if pending != args.jobs {
        return Err(failed("jobs are missing", format!("{pending} wait; it must be {}", args.jobs)));
    }
    run_all(host).await?;
    if afterwards == Afterwards::Delete {
        let clear = Command::ClearFinished { queue: None };
        host.yard.execute(clear).await.map_err(|error| failed("the jobs could not be deleted", error))?;
    }
    Ok(per_second(args.jobs, added.time))
}

/// Lets the paused queue run until nothing waits in it.
async fn run_all(host: &Host) -> Result<(), CliError> {
    let configure = |paused| {
        let change =
            QueueChange { paused: Some(paused), concurrency: Some(CONCURRENCY), ..QueueChange::default() };
        host.yard.configure(PAUSED_QUEUE.to_owned(), change)
    };
    let wrong = |error| failed("the queue could not be set up", error);
    configure(false).await.map_err(wrong)?;
    loop {
        let counts = counts(&host.yard, PAUSED_QUEUE).await?;
        if counts.pending + counts.processing == 0 {
            break;
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    configure(true).await.map_err(wrong)?;
    Ok(())
}
