//! `taskyard bench limit`: the row work of adding, and of claiming and finishing, bare: one thread with SQLite, on the
//! store's own schema and with its durability. No store on this schema can be faster with transactions of that size, so
//! other benches tell their figures as shares of this, measured right before: disks that others use too change by the minute.

use std::path::Path;
use std::time::{Duration, Instant};

use taskyard::clock::Clock;
use taskyard::shared::job::JobState;
use taskyard::store::sqlite::BareRows;

use super::args::LimitArgs;
use super::figures::{Spread, peak_memory, per_second};
use super::host::PAUSED_QUEUE;
use super::probe::Probe;
use super::recount::recount;
use super::report::{LimitFigure, LimitReport, Share};
use super::run::{DataFolder, failed};
use crate::cli::error::{CliError, Exit};

/// Jobs of each measurement where another bench asks for the limit.
pub const JOBS: u32 = 100_000;

/// What is done bare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    Add,
    /// Each transaction finishes what the one before it claimed, and claims as many again.
    RunDown,
}

impl Work {
    /// Jobs in a transaction.
    const fn sizes(self) -> &'static [u32] {
        match self {
            Work::Add => &[64, 1_000],
            Work::RunDown => &[100, 500],
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Work::Add => "add",
            Work::RunDown => "rundown",
        }
    }

    /// In which state it leaves its jobs.
    const fn leaves(self) -> JobState {
        match self {
            Work::Add => JobState::Pending,
            Work::RunDown => JobState::Completed,
        }
    }
}

/// Jobs per second, round for round, by the size of transactions.
pub struct LimitRates {
    work: Work,
    jobs: u32,
    by_size: Vec<(u32, Vec<f64>)>,
    durability: String,
}

pub async fn run(args: LimitArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut adds = LimitRates::new(Work::Add, args.jobs);
    let mut rundown = LimitRates::new(Work::RunDown, args.jobs);
    for round in 1..=args.rounds {
        adds.measure(&folder, &format!("round-{round}")).await?;
        rundown.measure(&folder, &format!("round-{round}")).await?;
    }
    let report = LimitReport {
        jobs: args.jobs,
        rounds: args.rounds,
        adds: adds.figures(),
        rundown: rundown.figures(),
        durability: rundown.durability,
        peak_memory_bytes: peak_memory(),
    };
    report.print(args.common.json)?;
    Ok(Exit::Done)
}

impl LimitRates {
    /// Nothing is measured yet.
    pub fn new(work: Work, jobs: u32) -> Self {
        let by_size = work.sizes().iter().map(|size| (*size, Vec::new())).collect();
        LimitRates { work, jobs, by_size, durability: String::new() }
    }

    /// Measures each size once. `name` tells this measurement from others in the folder.
    pub async fn measure(&mut self, folder: &DataFolder, name: &str) -> Result<(), CliError> {
        for (size, rates) in &mut self.by_size {
            let case = folder.case(&format!("{name}-limit-{}-{size}", self.work.as_str()))?;
            let (work, jobs, size, dir) = (self.work, self.jobs, *size, case.path().to_owned());
            let measured = tokio::task::spawn_blocking(move || work_bare(&dir, work, jobs, size)).await;
            let (time, durability) = measured.map_err(|error| failed("the bare work ended", error))??;
            check(case.path(), work, jobs).await?;
            rates.push(per_second(u64::from(jobs), time));
            self.durability = durability;
        }
        Ok(())
    }

    /// Takes up what was measured of the same work elsewhere.
    pub fn extend(&mut self, others: &LimitRates) {
        for ((_, rates), (_, others)) in self.by_size.iter_mut().zip(&others.by_size) {
            rates.extend(others);
        }
    }

    /// Of the rounds that were measured.
    pub fn figures(&self) -> Vec<LimitFigure> {
        let measured = self.by_size.iter().filter(|(_, rates)| !rates.is_empty());
        measured
            .map(|(size, rates)| LimitFigure {
                jobs_per_transaction: *size,
                jobs_per_s: Spread::of(rates.clone()),
            })
            .collect()
    }

    /// What `rates` are of it, round for round.
    pub fn shares(&self, rates: &[f64]) -> Vec<Share> {
        let measured = self.by_size.iter().filter(|(_, limits)| !limits.is_empty());
        measured
            .map(|(size, limits)| Share {
                jobs_per_transaction: *size,
                share: Spread::of(rates.iter().zip(limits).map(|(rate, limit)| rate / limit).collect()),
            })
            .collect()
    }
}

/// How long the work took on a fresh file, and what durability the database reported.
fn work_bare(dir: &Path, work: Work, jobs: u32, size: u32) -> Result<(Duration, String), CliError> {
    let wrong = |error| failed("the bare work failed", error);
    let mut rows = BareRows::open(dir, PAUSED_QUEUE).map_err(wrong)?;
    let (clock, job) = (Clock::default(), Probe::new().job());
    let args = job.args.to_string();
    let began = Instant::now();
    let mut left = jobs;
    while left > 0 {
        let added = left.min(size);
        rows.add(added, &job.kind, &args, clock.now_ms()).map_err(wrong)?;
        left -= added;
    }
    let mut time = began.elapsed();
    if work == Work::RunDown {
        let began = Instant::now();
        while rows.step(size, clock.now_ms()).map_err(wrong)? > 0 {}
        time = began.elapsed();
    }
    Ok((time, rows.durability().to_owned()))
}

/// The rows are worth as much as a store's: a yard that opens the file finds them.
async fn check(dir: &Path, work: Work, jobs: u32) -> Result<(), CliError> {
    let found = recount(dir, PAUSED_QUEUE, &[work.leaves()]).await?;
    let jobs = u64::from(jobs);
    match found.counted == jobs && found.read == jobs {
        true => Ok(()),
        false => Err(failed("the bare work left something else", format!("of {jobs}, {found:?}"))),
    }
}
