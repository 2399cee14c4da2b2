//! One measurement of `taskyard bench backlog`.

use std::sync::Arc;
use std::time::Instant;

use taskyard::shared::job::JobState;

use crate::cli::bench::args::BacklogCaseArgs;
use crate::cli::bench::figures::{memory_now, peak_memory, per_second};
use crate::cli::bench::host::Host;
use crate::cli::bench::load::add_one_by_one;
use crate::cli::bench::probe::QUEUE;
use crate::cli::bench::recount::recount;
use crate::cli::bench::report::CaseFound;
use crate::cli::bench::stored::{add_in_bulk, counts, pause, until_completed, until_none_runs};
use crate::cli::bench::tabs::{TabFigures, Tabs};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// Starts the yard on the folder, and adds to its paused queue, one by one and in bulk; then lets as many jobs run as
/// were added: those that have waited longest.
pub async fn run(args: BacklogCaseArgs) -> Result<Exit, CliError> {
    let work = args.work;
    let began = Instant::now();
    let host = Host::start_as_left(&args.dir, work.concurrency).await?;
    let start = began.elapsed();
    let memory_after_start_bytes = memory_now();
    let before = counts(&host.yard, QUEUE).await?;
    let tabs = Tabs::open(host.address, args.tabs).await?;

    let probe = Arc::clone(&host.probe);
    let added = add_one_by_one(&host.yard, work.jobs, work.adding.callers, move || probe.job()).await?;
    let began = Instant::now();
    add_in_bulk(&host, work.jobs, None).await?;
    let bulk = began.elapsed();

    let began = Instant::now();
    pause(&host, false).await?;
    until_completed(&host.yard, before.completed + 2 * work.jobs).await?;
    let run_down = began.elapsed();
    pause(&host, true).await?;
    let after = until_none_runs(&host.yard, QUEUE).await?;
    if let Some(tabs) = Tabs::close(tabs).await? {
        TabFigures::check(tabs)?;
    }
    let began = host.probe.ran();
    let durability = host.yard.durability();
    let peak_memory_bytes = peak_memory();
    host.stop().await?;
    let found = recount(&args.dir, QUEUE, &[JobState::Pending, JobState::Completed]).await?;
    let found = CaseFound {
        durability,
        start_ms: start.as_secs_f64() * 1_000.0,
        memory_after_start_bytes,
        adds_per_s: per_second(work.jobs, added.time),
        bulk_adds_per_s: per_second(work.jobs, bulk),
        jobs_per_s: per_second(2 * work.jobs, run_down),
        peak_memory_bytes,
        expected: before.pending + before.processing + before.completed + 2 * work.jobs,
        began,
        completed: after.completed - before.completed,
        counted_after_reopening: found.counted,
        read_after_reopening: found.read,
    };
    output::json(&found)?;
    Ok(Exit::Done)
}
