//! `taskyard bench add`: how many jobs are added to a queue that stands still, by each way, by few and by many callers,
//! one by one and in bulk.
//!
//! Each measurement has a fresh data folder, and what was acknowledged is counted in the file opened again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use taskyard::shared::job::JobState;
use taskyard::shared::new_job::NewJob;

use super::args::{AddArgs, Via};
use super::callers::{Caller, drive};
use super::figures::{Latency, Spread, new_histogram, peak_memory, per_second};
use super::host::{Host, PAUSED_QUEUE};
use super::limit::{self, LimitRates, Work};
use super::recount::recount;
use super::report::{AddCheck, AddFigures, AddReport};
use super::run::{DataFolder, failed};
use super::stored::counts;
use crate::cli::error::{CliError, Exit};

/// The measured queue never runs.
const CONCURRENCY: u32 = 1;

/// What the rounds found with one way, number of callers and size of calls.
struct Case {
    via: Via,
    callers: u32,
    bulk: u32,
    /// Measured right before each round, if it was asked for.
    limit: LimitRates,
    adds_per_s: Vec<f64>,
    calls: Histogram<u64>,
    retries: u64,
    checks: Vec<AddCheck>,
}

pub async fn run(args: AddArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let mut cases = cases(&args);
    let mut durability = String::new();
    for round in 1..=args.rounds.rounds {
        for case in &mut cases {
            let Case { via, callers, bulk, .. } = &*case;
            let name = format!("add-{}-{callers}-{bulk}-{round}", via.as_str());
            if args.rounds.with_limit {
                case.limit.measure(&folder, &name).await?;
            }
            let dir = folder.case(&name)?;
            durability = case.measure(dir.path(), Duration::from_millis(args.for_ms)).await?;
        }
    }
    let mut limit = LimitRates::new(Work::Add, limit::JOBS);
    cases.iter().for_each(|case| limit.extend(&case.limit));
    let report = AddReport {
        rounds: args.rounds.rounds,
        for_ms: args.for_ms,
        durability,
        figures: cases.into_iter().map(Case::figures).collect(),
        limit: limit.figures(),
        peak_memory_bytes: peak_memory(),
    };
    report.print(args.common.json)?;
    report.failed().map_or(Ok(Exit::Done), |check| Err(CliError::Failed(check.sentence())))
}

/// Every combination that was asked for.
fn cases(args: &AddArgs) -> Vec<Case> {
    let mut cases = Vec::new();
    for bulk in &args.bulk {
        for via in &args.via {
            cases.extend(args.callers.iter().map(|callers| Case::new(*via, *callers, *bulk)));
        }
    }
    cases
}

impl Case {
    fn new(via: Via, callers: u32, bulk: u32) -> Self {
        let (adds_per_s, calls, checks) = (Vec::new(), new_histogram(), Vec::new());
        let limit = LimitRates::new(Work::Add, limit::JOBS);
        Case { via, callers, bulk, limit, adds_per_s, calls, retries: 0, checks }
    }

    /// One round. Answers what durability the database reports.
    async fn measure(&mut self, dir: &Path, length: Duration) -> Result<String, CliError> {
        let host = Host::start(dir, CONCURRENCY).await?;
        let mut callers = Vec::with_capacity(self.callers as usize);
        for _ in 0..self.callers {
            callers.push(Caller::connect(self.via, &host).await?);
        }
        let (probe, bulk) = (Arc::clone(&host.probe), self.bulk);
        let job = move || NewJob { queue: Some(PAUSED_QUEUE.to_owned()), ..probe.job() };
        let driven = drive(callers, length, move || (0..bulk).map(|_| job()).collect()).await?;
        self.adds_per_s.push(per_second(driven.jobs, driven.time));
        self.retries += driven.retries;
        self.calls.add(&driven.calls).map_err(|error| failed("the times cannot be told", error))?;
        let counted = counts(&host.yard, PAUSED_QUEUE).await?.pending;
        let durability = host.yard.durability();
        host.stop().await?;
        let found = recount(dir, PAUSED_QUEUE, &[JobState::Pending]).await?;
        self.checks.push(AddCheck {
            acknowledged: driven.jobs,
            counted,
            counted_after_reopening: found.counted,
            read_after_reopening: found.read,
        });
        Ok(durability)
    }

    fn figures(self) -> AddFigures {
        AddFigures {
            via: self.via,
            callers: self.callers,
            bulk: self.bulk,
            of_limit: self.limit.shares(&self.adds_per_s),
            adds_per_s: Spread::of(self.adds_per_s),
            call: Latency::of(&self.calls),
            retries: self.retries,
            checks: self.checks,
        }
    }
}
