//! `taskyard bench rundown`: jobs wait in a paused queue; then it is resumed, and they run down.
//!
//! Each measurement has a fresh data folder, and is checked in the file opened again.

use std::path::Path;
use std::time::Instant;

use taskyard::shared::job::JobState;

use super::args::RundownArgs;
use super::figures::{Spread, peak_memory, per_second};
use super::host::Host;
use super::limit::{self, LimitRates, Work};
use super::probe::QUEUE;
use super::recount::recount;
use super::report::{Check, RundownFigures, RundownReport};
use super::run::DataFolder;
use super::stored::{add_in_bulk, counts, pause, until_completed};
use crate::cli::error::{CliError, Exit};

/// What the rounds found with one concurrency.
struct Case {
    concurrency: u32,
    /// Measured right before each round, if it was asked for.
    limit: LimitRates,
    jobs_per_s: Vec<f64>,
    jobs_per_commit: Vec<f64>,
    checks: Vec<Check>,
}

pub async fn run(args: RundownArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut cases: Vec<Case> = args.concurrency.iter().map(|concurrency| Case::new(*concurrency)).collect();
    let mut durability = String::new();
    for round in 1..=args.rounds.rounds {
        for case in &mut cases {
            let name = format!("rundown-{}-{round}", case.concurrency);
            if args.rounds.with_limit {
                case.limit.measure(&folder, &name).await?;
            }
            let dir = folder.case(&name)?;
            durability = case.measure(dir.path(), args.jobs).await?;
        }
    }
    let mut limit = LimitRates::new(Work::RunDown, limit::JOBS);
    cases.iter().for_each(|case| limit.extend(&case.limit));
    let report = RundownReport {
        jobs: args.jobs,
        rounds: args.rounds.rounds,
        durability,
        figures: cases.into_iter().map(Case::figures).collect(),
        limit: limit.figures(),
        peak_memory_bytes: peak_memory(),
    };
    report.print(args.common.json)?;
    report.failed().map_or(Ok(Exit::Done), |check| Err(CliError::Failed(check.sentence())))
}

impl Case {
    fn new(concurrency: u32) -> Self {
        let limit = LimitRates::new(Work::RunDown, limit::JOBS);
        Case { concurrency, limit, jobs_per_s: Vec::new(), jobs_per_commit: Vec::new(), checks: Vec::new() }
    }

    /// One round. Answers what durability the database reports.
    async fn measure(&mut self, dir: &Path, jobs: u64) -> Result<String, CliError> {
        let host = Host::start(dir, self.concurrency).await?;
        pause(&host, true).await?;
        add_in_bulk(&host, jobs, None).await?;
        let commits_before = host.yard.writer_counters().commits;

        let began = Instant::now();
        pause(&host, false).await?;
        until_completed(&host.yard, jobs).await?;
        let time = began.elapsed();

        let commits = host.yard.writer_counters().commits - commits_before;
        self.jobs_per_s.push(per_second(jobs, time));
        self.jobs_per_commit.push(jobs as f64 / commits.max(1) as f64);
        let (began, counted) = (host.probe.ran(), counts(&host.yard, QUEUE).await?.completed);
        let durability = host.yard.durability();
        host.stop().await?;
        let found = recount(dir, QUEUE, &[JobState::Completed]).await?;
        self.checks.push(Check {
            expected: jobs,
            began,
            counted,
            counted_after_reopening: found.counted,
            read_after_reopening: found.read,
        });
        Ok(durability)
    }

    fn figures(self) -> RundownFigures {
        RundownFigures {
            concurrency: self.concurrency,
            of_limit: self.limit.shares(&self.jobs_per_s),
            jobs_per_s: Spread::of(self.jobs_per_s),
            jobs_per_commit: Spread::of(self.jobs_per_commit),
            checks: self.checks,
        }
    }
}
