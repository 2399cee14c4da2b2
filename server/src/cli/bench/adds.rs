//! `taskyard bench adds`: what stored jobs and watching tabs cost whoever adds.
//!
//! Both sides are measured in turns within one run, so that whatever else the machine does hits both. The
//! jobs go into a queue that stands still: adding is measured, not running.

use std::path::Path;
use std::sync::Arc;

use taskyard::shared::job::NewJob;

use super::args::{AddsArgs, StoredAs};
use super::figures::{Spread, peak_memory, per_second};
use super::host::{Host, PAUSED_QUEUE};
use super::load::add_one_by_one;
use super::report::AddsReport;
use super::run::{DataFolder, failed};
use super::stored::{counts, store};
use super::tabs::Tabs;
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// Jobs added to each side before its clock runs, in each round.
const WARM_UP: u64 = 1_000;
/// How many stored jobs run at a time before the measurement.
const CONCURRENCY: u32 = 100;

pub async fn run(args: AddsArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let full = Host::start(&folder.path().join("full"), CONCURRENCY).await?;
    output::remark(&format!("storing {} jobs", args.stored));
    store(&full, args.stored, StoredAs::Finished).await?;
    let tabs = match args.tabs {
        0 => None,
        count => Some(Tabs::open(full.address, count).await?),
    };
    let (mut empty_rates, mut full_rates) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        empty_rates.push(empty_round(&args, folder.path(), round).await?);
        full_rates.push(measure(&full, &args).await?);
    }
    check(&full, (args.jobs + WARM_UP) * u64::from(args.rounds)).await?;
    let tabs = match tabs {
        Some(tabs) => Some(tabs.close().await?),
        None => None,
    };
    let ratios = empty_rates.iter().zip(&full_rates).map(|(empty, full)| full / empty).collect();
    let report = AddsReport {
        jobs_per_round: args.jobs,
        callers: args.common.callers,
        stored: args.stored,
        tabs,
        durability: full.yard.durability(),
        empty: Spread::of(empty_rates),
        full: Spread::of(full_rates),
        ratio: Spread::of(ratios),
        peak_memory_bytes: peak_memory(),
    };
    full.stop().await?;
    report.print(args.common.json)?;
    match report.tabs.filter(|tabs| tabs.lost > 0) {
        Some(tabs) => Err(CliError::Failed(format!("{} tabs lost their connection", tabs.lost))),
        None => Ok(Exit::Done),
    }
}

/// A round on a yard that was made for it, since the jobs of the last one would still be there.
async fn empty_round(args: &AddsArgs, dir: &Path, round: u32) -> Result<f64, CliError> {
    let dir = dir.join(format!("empty-{round}"));
    let host = Host::start(&dir, CONCURRENCY).await?;
    let rate = measure(&host, args).await?;
    check(&host, args.jobs + WARM_UP).await?;
    host.stop().await?;
    Ok(rate)
}

async fn measure(host: &Host, args: &AddsArgs) -> Result<f64, CliError> {
    let callers = args.common.callers;
    let make = || {
        let probe = Arc::clone(&host.probe);
        move || NewJob { queue: Some(PAUSED_QUEUE.to_owned()), ..probe.job() }
    };
    add_one_by_one(&host.yard, WARM_UP, callers, make()).await?;
    let added = add_one_by_one(&host.yard, args.jobs, callers, make()).await?;
    Ok(per_second(args.jobs, added.time))
}

/// Every job that was acknowledged must be there, waiting.
async fn check(host: &Host, expected: u64) -> Result<(), CliError> {
    let pending = counts(&host.yard, PAUSED_QUEUE).await?.pending;
    match pending == expected {
        true => Ok(()),
        false => Err(failed("jobs are missing", format!("{pending} wait; it must be {expected}"))),
    }
}
