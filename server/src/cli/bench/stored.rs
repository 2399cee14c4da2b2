//! Jobs that are there before the measurement begins, and waiting for jobs to have ended.

use std::time::{Duration, Instant};

use taskyard::Yard;
use taskyard::shared::command::AddOutcome;
use taskyard::shared::new_job::{AddMode, NewJob, NewJobs};
use taskyard::shared::queue::{QueueChange, StateCounts};

use super::args::StoredAs;
use super::host::{Host, PAUSED_QUEUE};
use super::probe::QUEUE;
use super::run::failed;
use crate::cli::error::CliError;

/// Jobs in one transaction.
const BULK: u64 = 1_000;
/// When no job ends for so long, the rest never will.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the counts are asked for: a hundredth of a percent of a run of twenty seconds.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// Stores `count` jobs and, where asked, runs them.
pub async fn store(host: &Host, count: u64, stored_as: StoredAs) -> Result<(), CliError> {
    match stored_as {
        StoredAs::Waiting => add_in_bulk(host, count, Some(PAUSED_QUEUE)).await,
        StoredAs::Finished => {
            let before = counts(&host.yard, QUEUE).await?;
            add_in_bulk(host, count, None).await?;
            until_completed(&host.yard, before.completed + count).await
        }
    }
}

/// Adds `count` jobs to `queue`, or to their own one.
pub async fn add_in_bulk(host: &Host, count: u64, queue: Option<&str>) -> Result<(), CliError> {
    let mut left = count;
    while left > 0 {
        let bulk = left.min(BULK);
        let jobs =
            (0..bulk).map(|_| NewJob { queue: queue.map(str::to_owned), ..host.probe.job() }).collect();
        let jobs = NewJobs { jobs, mode: AddMode::AllOrNothing, batch: None, then: None, chain: false };
        let added = host.yard.add_all(jobs, None).await;
        let added = added.map_err(|error| failed("the jobs could not be stored", error))?;
        let is_added = |outcome: &AddOutcome| matches!(outcome, AddOutcome::Added { .. });
        if let Some(refused) = added.outcomes.iter().find(|outcome| !is_added(outcome)) {
            return Err(failed("the jobs could not be stored", format!("{refused:?}")));
        }
        left -= bulk;
    }
    Ok(())
}

/// Pauses the measured queue, or has it go on.
pub async fn pause(host: &Host, paused: bool) -> Result<(), CliError> {
    let change = QueueChange { paused: Some(paused), ..QueueChange::default() };
    let set = host.yard.configure(QUEUE.to_owned(), change).await;
    set.map(drop).map_err(|error| failed("the queue could not be set up", error))
}

/// Waits until the measured queue counts `completed` completed jobs.
pub async fn until_completed(yard: &Yard, completed: u64) -> Result<(), CliError> {
    let mut last = (0, Instant::now());
    loop {
        let counts = counts(yard, QUEUE).await?;
        if counts.completed >= completed {
            return Ok(());
        }
        if counts.completed != last.0 {
            last = (counts.completed, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            let stuck = format!("{} of {completed} completed, {counts:?}", counts.completed);
            return Err(failed("no job has ended for a minute", stuck));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// Waits until no job of a paused queue is at work, and answers its counts then.
pub async fn until_none_runs(yard: &Yard, queue: &str) -> Result<StateCounts, CliError> {
    let began = Instant::now();
    loop {
        let counts = counts(yard, queue).await?;
        if counts.processing == 0 {
            return Ok(counts);
        }
        if began.elapsed() > PATIENCE {
            return Err(failed(
                "jobs of a paused queue are still at work after a minute",
                format!("{counts:?}"),
            ));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

/// A queue's counts; a queue that nobody has used yet counts nothing.
pub async fn counts(yard: &Yard, queue: &str) -> Result<StateCounts, CliError> {
    let queues = yard.queues().await.map_err(|error| failed("the counts could not be read", error))?;
    Ok(queues.into_iter().find(|found| found.name == queue).map(|found| found.counts).unwrap_or_default())
}
