//! One attempt: the worker's future, raced against its cancellation, with panics caught.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;

use super::Executor;
use crate::kinds::{JobContext, JobError, JobResult};
use crate::queue::core::AttemptId;
use crate::store::{AttemptEnd, ClaimedJob};

/// Runs the attempt to its end, and reports it only when nothing of its work is left.
pub(super) async fn run(
    executor: Arc<Executor>,
    id: AttemptId,
    claimed: ClaimedJob,
    cancel: CancellationToken,
) {
    let progress = {
        let buffer = Arc::clone(&executor.progress);
        Arc::new(move |job, attempt, progress| buffer.put(AttemptId { job, attempt }, progress))
    };
    let files = Arc::clone(&executor.files);
    let (ctx, mut ends) = JobContext::new(id.job, id.attempt, cancel.clone(), progress, files);
    let outcome = match executor.kinds.worker(&claimed.job.kind) {
        Some(worker) => until_cancelled(async { worker.perform(&claimed.args, ctx).await }, &cancel).await,
        None => {
            drop(ctx);
            Some(Err(JobError::new(format!(
                "this server has no worker for the kind \"{}\"",
                claimed.job.kind
            ))))
        }
    };
    // The future is gone; blocking work that it began may go on, and holds the slot until it has ended.
    while ends.all_ended.recv().await.is_some() {}
    let artifacts = std::mem::take(&mut *ends.artifacts.lock().unwrap_or_else(PoisonError::into_inner));
    let end = match outcome {
        Some(Ok(result)) => AttemptEnd::Completed { result },
        Some(Err(error)) => AttemptEnd::Failed { error: error.message },
        None => AttemptEnd::Released,
    };
    executor.ended(id, end, artifacts);
}

/// Drops the work at its next await when the attempt is cancelled; then there is no outcome.
async fn until_cancelled(
    work: impl Future<Output = JobResult>,
    cancel: &CancellationToken,
) -> Option<JobResult> {
    // Around the race, because the work is dropped in there, and what it does then may panic too.
    let raced = AssertUnwindSafe(async {
        tokio::select! {
            biased;
            outcome = work => Some(outcome),
            () = cancel.cancelled() => None,
        }
    });
    raced.catch_unwind().await.unwrap_or_else(|panic| Some(Err(JobError::panicked(&*panic))))
}
