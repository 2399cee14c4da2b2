//! One attempt: the worker's future, raced against its cancellation and its time-out, with panics caught.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Executor;
use super::adding::QueueAdder;
use super::bounds::bounded;
use super::listener::AttemptListener;
use super::reuse::{Done, Reuse};
use crate::kinds::context::Surroundings;
use crate::kinds::{JobContext, JobError};
use crate::queue::core::AttemptId;
use crate::store::{AttemptEnd, ClaimedJob};

/// How the work of an attempt came to its end.
#[derive(Debug)]
enum Outcome {
    Ended(Result<Done, JobError>),
    /// Its cancellation came first.
    Stopped,
    TookTooLong(Duration),
}

impl Outcome {
    fn into_end(self, now_ms: i64) -> AttemptEnd {
        match self {
            Outcome::Ended(Ok(Done { result, reused })) => AttemptEnd::Completed { result, reused },
            Outcome::Ended(Err(error)) => error.into_end(now_ms),
            Outcome::Stopped => AttemptEnd::Released,
            Outcome::TookTooLong(timeout) => {
                let message = format!("took longer than {}, so it was stopped", in_words(timeout));
                JobError::new(message).into_end(now_ms)
            }
        }
    }
}

/// Runs the attempt to its end, and reports it only when nothing of its work is left.
pub(super) async fn run(
    executor: Arc<Executor>,
    id: AttemptId,
    claimed: ClaimedJob,
    cancel: CancellationToken,
) {
    let listener = Arc::new(AttemptListener::new(id, &executor));
    let files = Arc::clone(&executor.files);
    let services = executor.services.get().cloned();
    let reader = Some(Weak::clone(&executor.reader));
    let yard = Surroundings { adder: Arc::new(QueueAdder::new(&executor)), services, reader };
    let (ctx, ends) = JobContext::new(id.job, id.attempt, cancel.clone(), listener.clone(), files, yard);
    let timeout = claimed.options.timeout_ms.map(Duration::from_millis);
    let outcome = until_all_ended(perform(&executor, &claimed, ctx), ends.all_ended, &cancel, timeout).await;
    let artifacts = std::mem::take(&mut *ends.artifacts.lock().unwrap_or_else(PoisonError::into_inner));
    let now_ms = executor.clock.now_ms();
    if listener.finish() {
        executor.flush_logs().await;
    }
    executor.ended(id, bounded(outcome.into_end(now_ms)), artifacts);
}

async fn perform(executor: &Executor, claimed: &ClaimedJob, ctx: JobContext) -> Result<Done, JobError> {
    let kind = &claimed.job.kind;
    let Some(worker) = executor.kinds.worker(kind) else {
        // The store holds such jobs back, so this is for a job that was claimed by other rules.
        return Err(JobError::new(format!("this server has no worker for the kind \"{kind}\"")));
    };
    let args = executor.kinds.args_of(claimed)?;
    match Reuse::of(executor, claimed, &args) {
        None => worker.perform(&args, ctx).await.map(Done::from),
        // Boxed, so that it takes no room in the tasks of all the other jobs.
        Some(reuse) => Box::pin(reuse.perform(worker, &args, ctx)).await,
    }
}

/// Ends when `work` has ended or been dropped, and all that it left running has ended too (`all_ended` yields None).
/// The time-out holds for the whole of that; when it is over, what still runs is cancelled and waited for.
async fn until_all_ended(
    work: impl Future<Output = Result<Done, JobError>>,
    mut all_ended: mpsc::Receiver<()>,
    cancel: &CancellationToken,
    timeout: Option<Duration>,
) -> Outcome {
    let time_is_over = async {
        match timeout {
            Some(timeout) => {
                tokio::time::sleep(timeout).await;
                timeout
            }
            None => std::future::pending().await,
        }
    };
    tokio::pin!(time_is_over);
    let mut outcome = until_stopped(work, cancel, time_is_over.as_mut()).await;
    loop {
        if let Outcome::TookTooLong(_) = outcome {
            cancel.cancel();
        }
        tokio::select! {
            biased;
            more = all_ended.recv() => match more {
                Some(()) => {}
                None => return outcome,
            },
            // The work has ended by itself, but something that it began goes on.
            timeout = &mut time_is_over, if matches!(outcome, Outcome::Ended(_)) => {
                outcome = Outcome::TookTooLong(timeout);
            }
        }
    }
}

/// Drops the work at its next await when the attempt is cancelled or its time is over.
async fn until_stopped(
    work: impl Future<Output = Result<Done, JobError>>,
    cancel: &CancellationToken,
    time_is_over: impl Future<Output = Duration>,
) -> Outcome {
    // Around the race, because the work is dropped in there, and what it does then may panic too.
    let raced = AssertUnwindSafe(async {
        tokio::select! {
            biased;
            outcome = work => match outcome {
                // It saw that it is to stop, and its error says no more than that.
                Err(_) if cancel.is_cancelled() => Outcome::Stopped,
                outcome => Outcome::Ended(outcome),
            },
            () = cancel.cancelled() => Outcome::Stopped,
            timeout = time_is_over => Outcome::TookTooLong(timeout),
        }
    });
    raced.catch_unwind().await.unwrap_or_else(|panic| Outcome::Ended(Err(JobError::panicked(&*panic))))
}

/// `90 s`, `2 min`, `500 ms`: in the largest unit that needs no fraction.
pub(super) fn in_words(time: Duration) -> String {
    let ms = time.as_millis();
    let units = [(3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit_ms, _)| ms >= *unit_ms && ms.is_multiple_of(*unit_ms));
    let (unit_ms, name) = unit.unwrap_or((1, "ms"));
    format!("{} {name}", ms / unit_ms)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::{Value, json};
    use tokio::time::{Instant, advance, sleep};

    use super::*;
    use crate::kinds::JobResult;
    use crate::store::AfterFailure;

    const SECOND: Duration = Duration::from_secs(1);

    /// An attempt with a time-out of 30 s that a test watches from outside.
    struct Watched {
        cancel: CancellationToken,
        /// Dropped when blocking work has ended.
        still_working: mpsc::Sender<()>,
        outcome: tokio::task::JoinHandle<(Outcome, Duration)>,
    }

    fn watch(work: impl Future<Output = JobResult> + Send + 'static) -> Watched {
        let cancel = CancellationToken::new();
        let (still_working, all_ended) = mpsc::channel(1);
        let token = cancel.clone();
        let outcome = tokio::spawn(async move {
            let begun = Instant::now();
            let work = work.map(|ended| ended.map(Done::from));
            let outcome = until_all_ended(work, all_ended, &token, Some(30 * SECOND)).await;
            (outcome, begun.elapsed())
        });
        Watched { cancel, still_working, outcome }
    }

    struct SetWhenDropped(Arc<AtomicBool>);

    impl Drop for SetWhenDropped {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn error_of(outcome: Outcome) -> String {
        match outcome.into_end(0) {
            AttemptEnd::Failed { error, then: AfterFailure::Undecided } => error,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_stopped_and_has_failed() {
        let dropped = Arc::new(AtomicBool::new(false));
        let guard = SetWhenDropped(Arc::clone(&dropped));
        let attempt = watch(async move {
            let _guard = guard;
            std::future::pending().await
        });
        drop(attempt.still_working);
        let (outcome, after) = attempt.outcome.await.expect("no panic");
        assert_eq!(after, 30 * SECOND);
        assert!(attempt.cancel.is_cancelled() && dropped.load(Ordering::Relaxed));
        assert_eq!(error_of(outcome), "took longer than 30 s, so it was stopped");
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_took_too_long_is_over_only_when_its_blocking_work_has_ended() {
        let attempt = watch(std::future::pending());
        attempt.cancel.cancelled().await;
        sleep(300 * SECOND).await;
        assert!(!attempt.outcome.is_finished());
        drop(attempt.still_working);
        let (outcome, after) = attempt.outcome.await.expect("no panic");
        assert_eq!(after, 330 * SECOND);
        assert!(matches!(outcome, Outcome::TookTooLong(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn blocking_work_that_outlives_its_attempt_is_bound_by_the_time_too() {
        let attempt = watch(async { Ok(Value::Null) });
        attempt.cancel.cancelled().await;
        drop(attempt.still_working);
        let (outcome, after) = attempt.outcome.await.expect("no panic");
        assert_eq!(after, 30 * SECOND);
        assert!(matches!(outcome, Outcome::TookTooLong(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn work_within_its_time_ends_as_it_says() {
        let attempt = watch(async {
            sleep(29 * SECOND).await;
            Ok(json!(1))
        });
        drop(attempt.still_working);
        let (outcome, after) = attempt.outcome.await.expect("no panic");
        assert_eq!(outcome.into_end(0), AttemptEnd::Completed { result: json!(1), reused: None });
        assert_eq!(after, 29 * SECOND);
        assert!(!attempt.cancel.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_work_is_released_however_long_it_takes_to_end() {
        let attempt = watch(std::future::pending());
        attempt.cancel.cancel();
        tokio::task::yield_now().await;
        advance(60 * SECOND).await;
        drop(attempt.still_working);
        let (outcome, _) = attempt.outcome.await.expect("no panic");
        assert_eq!(outcome.into_end(0), AttemptEnd::Released);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_gives_up_because_it_is_to_stop_has_not_failed() {
        let cancel = CancellationToken::new();
        let (_, all_ended) = mpsc::channel(1);
        cancel.cancel();
        let outcome =
            until_all_ended(async { Err(JobError::new("cancelled")) }, all_ended, &cancel, None).await;
        assert!(matches!(outcome, Outcome::Stopped));
    }

    #[tokio::test]
    async fn a_panic_is_a_failure() {
        let attempt = watch(async { panic!("on purpose") });
        drop(attempt.still_working);
        assert_eq!(error_of(attempt.outcome.await.expect("caught").0), "panicked: on purpose");
    }

    #[test]
    fn times_are_said_in_the_largest_unit_that_fits() {
        let table =
            [(100, "100 ms"), (1_500, "1500 ms"), (90_000, "90 s"), (120_000, "2 min"), (7_200_000, "2 h")];
        for (ms, text) in table {
            assert_eq!(in_words(Duration::from_millis(ms)), text);
        }
    }
}
