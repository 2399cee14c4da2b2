//! `taskyard bench bulk-cancel`: what an operation on many jobs costs whoever adds.
//!
//! Two yards stand side by side for the whole run, each with the jobs that may be cancelled, and are measured in
//! turns, so that whatever else the machine does hits both. Callers add to a queue that stands still: to one yard
//! while an operation cancels all of its jobs, to the other alone for about as long. Between rounds another
//! operation makes the cancelled jobs pending again.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use taskyard::shared::command::{Command, Reply};
use taskyard::shared::job::JobState;
use taskyard::shared::operation::{BulkAction, NewOperation, Operation, OperationState};
use taskyard::shared::queue::QueueChange;
use taskyard::shared::view::JobFilter;

use super::args::{BulkCancelArgs, StoredAs};
use super::figures::{Spread, peak_memory, per_second};
use super::host::{Host, PAUSED_QUEUE};
use super::load::{Added, add_until};
use super::probe::QUEUE;
use super::recount::recount;
use super::report::{BulkCancelReport, BulkCheck};
use super::run::{DataFolder, failed};
use super::stored::{counts, store};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// How often the operation is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(5);
/// When an operation gets no further for so long, it never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the rounds found, in their order.
#[derive(Default)]
struct Rounds {
    alone: Vec<f64>,
    during: Vec<f64>,
    operation_s: Vec<f64>,
    done: Vec<u64>,
    cancelled: Vec<u64>,
    /// To both yards, the round that is not counted included.
    added: u64,
    retries: u64,
}

pub async fn run(args: BulkCancelArgs) -> Result<Exit, CliError> {
    let folder = DataFolder::new(args.common.data.as_deref())?;
    let (alone_dir, during_dir) = (folder.path().join("alone"), folder.path().join("during"));
    let alone = start(&alone_dir, args.jobs).await?;
    let during = start(&during_dir, args.jobs).await?;
    let rounds = measure(&alone, &during, &args).await?;
    let durability = during.yard.durability();
    alone.stop().await?;
    during.stop().await?;
    let cancelled = recount(&during_dir, PAUSED_QUEUE, &[JobState::Cancelled]).await?;
    // A yard that is opened again lets its measured queue run.
    let added_alone = recount(&alone_dir, QUEUE, &JobState::ALL).await?;
    let added_during = recount(&during_dir, QUEUE, &JobState::ALL).await?;
    let ratios = rounds.alone.iter().zip(&rounds.during).map(|(alone, during)| during / alone).collect();
    let report = BulkCancelReport {
        jobs: args.jobs,
        callers: args.adding.callers,
        durability,
        alone: Spread::of(rounds.alone),
        during: Spread::of(rounds.during),
        ratio: Spread::of(ratios),
        operation_s: Spread::of(rounds.operation_s),
        retries: rounds.retries,
        peak_memory_bytes: peak_memory(),
        check: BulkCheck {
            expected: args.jobs,
            done: rounds.done,
            cancelled: rounds.cancelled,
            cancelled_after_reopening: cancelled.read,
            added: rounds.added,
            added_after_reopening: added_alone.read + added_during.read,
        },
    };
    report.print(args.common.json)?;
    match report.check.passed() {
        true => Ok(Exit::Done),
        false => Err(CliError::Failed(report.check.sentence())),
    }
}

/// A yard with so many waiting jobs, whose measured queue stands still.
async fn start(dir: &Path, jobs: u64) -> Result<Host, CliError> {
    let host = Host::start(dir, 1).await?;
    let pause = QueueChange { paused: Some(true), ..QueueChange::default() };
    let paused = host.yard.configure(QUEUE.to_owned(), pause).await;
    paused.map_err(|error| failed("the queue could not be set up", error))?;
    output::remark(&format!("storing {jobs} jobs"));
    store(&host, jobs, StoredAs::Waiting).await?;
    Ok(host)
}

async fn measure(alone: &Host, during: &Host, args: &BulkCancelArgs) -> Result<Rounds, CliError> {
    let mut rounds = Rounds::default();
    // Not counted: files grow and caches fill. And it tells how long a round is.
    let mut length = round_during(during, args, &mut rounds).await?;
    round_alone(alone, args, length, &mut rounds).await?;
    rounds = Rounds { added: rounds.added, ..Rounds::default() };
    for number in 0..args.rounds {
        operate(during, BulkAction::Retry {}).await?;
        // Whoever goes second may find the machine warmer.
        if number % 2 == 0 {
            round_alone(alone, args, length, &mut rounds).await?;
            length = round_during(during, args, &mut rounds).await?;
        } else {
            length = round_during(during, args, &mut rounds).await?;
            round_alone(alone, args, length, &mut rounds).await?;
        }
    }
    Ok(rounds)
}

async fn round_alone(
    host: &Host,
    args: &BulkCancelArgs,
    length: Duration,
    rounds: &mut Rounds,
) -> Result<(), CliError> {
    let added = add_during(host, args, async {
        tokio::time::sleep(length).await;
        Ok(())
    });
    let (added, ()) = added.await?;
    rounds.alone.push(per_second(added.jobs, added.time));
    rounds.take(added);
    Ok(())
}

/// Answers how long the operation took.
async fn round_during(host: &Host, args: &BulkCancelArgs, rounds: &mut Rounds) -> Result<Duration, CliError> {
    let cancel = async {
        let began = Instant::now();
        let operation = operate(host, BulkAction::Cancel {}).await?;
        Ok((operation, began.elapsed()))
    };
    let (added, (operation, length)) = add_during(host, args, cancel).await?;
    rounds.during.push(per_second(added.jobs, added.time));
    rounds.operation_s.push(length.as_secs_f64());
    rounds.done.push(operation.done);
    rounds.cancelled.push(counts(&host.yard, PAUSED_QUEUE).await?.cancelled);
    rounds.take(added);
    Ok(length)
}

impl Rounds {
    fn take(&mut self, added: Added) {
        self.added += added.jobs;
        self.retries += added.retries;
    }
}

/// Adds jobs for as long as `work` takes.
async fn add_during<T>(
    host: &Host,
    args: &BulkCancelArgs,
    work: impl Future<Output = Result<T, CliError>>,
) -> Result<(Added, T), CliError> {
    let enough = Arc::new(AtomicBool::new(false));
    let probe = Arc::clone(&host.probe);
    let adds = add_until(&host.yard, args.adding.callers, Arc::clone(&enough), move || probe.job());
    let work = async {
        let done = work.await;
        enough.store(true, Ordering::Relaxed);
        done
    };
    let (added, done) = tokio::join!(adds, work);
    Ok((added?, done?))
}

/// Does it to every job of the paused queue, and answers how the operation stands in the end.
async fn operate(host: &Host, action: BulkAction) -> Result<Operation, CliError> {
    let filter = JobFilter { queue: Some(PAUSED_QUEUE.to_owned()), ..JobFilter::default() };
    let operation = NewOperation { action, filter, undo_ms: 0 };
    let asked = host.yard.execute(Command::StartOperation { operation }).await;
    let started = match asked.map_err(|error| failed("the operation did not start", error))? {
        Reply::Operation { operation } => operation,
        other => return Err(failed("the operation did not start", format!("{other:?}"))),
    };
    let mut last = (0, Instant::now());
    loop {
        let lists = host.yard.lists().await.map_err(|error| failed("the operation is not known", error))?;
        let found = lists.operations.into_iter().find(|operation| operation.id == started.id);
        let operation = found.ok_or_else(|| failed("the operation is not known", started.id))?;
        if operation.state == OperationState::Done {
            return Ok(operation);
        }
        if operation.looked_at != last.0 {
            last = (operation.looked_at, Instant::now());
        } else if last.1.elapsed() > PATIENCE {
            return Err(failed("the operation gets no further", format!("{operation:?}")));
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
