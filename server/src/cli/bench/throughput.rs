//! `taskyard bench throughput`.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use taskyard::shared::job::JobState;

use super::args::ThroughputArgs;
use super::figures::{peak_memory, per_second};
use super::host::Host;
use super::load::add_one_by_one;
use super::probe::QUEUE;
use super::recount::recount;
use super::report::{Check, ThroughputReport};
use super::run::DataFolder;
use super::stored::{counts, store, until_completed};
use super::tabs::{TabFigures, Tabs};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

pub async fn run(args: ThroughputArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let (mut report, before) = measure(&args, folder.path()).await?;
    let recounted = recount(folder.path(), QUEUE, &[JobState::Completed]).await?;
    report.check.counted_after_reopening = recounted.counted.saturating_sub(before);
    report.check.read_after_reopening = recounted.read.saturating_sub(before);
    report.print(args.common.json)?;
    report.tabs.map_or(Ok(()), TabFigures::check)?;
    match report.check.passed() {
        true => Ok(Exit::Done),
        false => Err(CliError::Failed(report.check.sentence())),
    }
}

/// The measurement, and how many jobs had completed before it. The store is not recounted yet.
async fn measure(args: &ThroughputArgs, dir: &Path) -> Result<(ThroughputReport, u64), CliError> {
    let host = Host::start(dir, args.concurrency).await?;
    if args.stored > 0 {
        output::remark(&format!("storing {} jobs", args.stored));
        store(&host, args.stored, args.stored_as).await?;
    }
    let tabs = Tabs::open(host.address, args.tabs).await?;
    let before = counts(&host.yard, QUEUE).await?.completed;
    let commits_before = host.yard.writer_counters().commits;
    host.probe.reset();

    let probe = Arc::clone(&host.probe);
    let began = Instant::now();
    let added = add_one_by_one(&host.yard, args.jobs, args.adding.callers, move || probe.job()).await?;
    until_completed(&host.yard, before + args.jobs).await?;
    let time = began.elapsed();

    let tabs = Tabs::close(tabs).await?;
    let report = ThroughputReport {
        jobs: args.jobs,
        concurrency: args.concurrency,
        callers: args.adding.callers,
        stored: args.stored,
        stored_as: args.stored_as,
        durability: host.yard.durability(),
        jobs_per_s: per_second(args.jobs, time),
        adds_per_s: per_second(args.jobs, added.time),
        seconds: time.as_secs_f64(),
        add_to_start: host.probe.latency(),
        commits: host.yard.writer_counters().commits - commits_before,
        retries: added.retries,
        tabs,
        peak_memory_bytes: peak_memory(),
        check: Check {
            expected: args.jobs,
            began: host.probe.ran(),
            counted: counts(&host.yard, QUEUE).await?.completed - before,
            counted_after_reopening: 0,
            read_after_reopening: 0,
        },
    };
    host.stop().await?;
    Ok((report, before))
}
