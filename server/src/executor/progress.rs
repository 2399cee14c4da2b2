//! Progress of all running attempts, coalesced: only the latest of each is reported, and all of them
//! together at most once in an interval.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::Recipient;
use taskyard_shared::job::{JobId, Progress};
use tokio::sync::Notify;

use crate::queue::core::AttemptId;
use crate::queue::messages::ProgressReported;

/// Latest progress not yet reported. Bounded by the attempts that run.
#[derive(Default)]
pub(super) struct ProgressBuffer {
    latest: Mutex<HashMap<AttemptId, Progress>>,
    changed: Notify,
}

impl ProgressBuffer {
    pub fn put(&self, attempt: AttemptId, progress: Progress) {
        self.latest().insert(attempt, progress);
        self.changed.notify_one();
    }

    pub fn forget(&self, attempt: AttemptId) {
        self.latest().remove(&attempt);
    }

    fn take(&self) -> Vec<(JobId, u32, Progress)> {
        self.latest().drain().map(|(id, progress)| (id.job, id.attempt, progress)).collect()
    }

    fn latest(&self) -> MutexGuard<'_, HashMap<AttemptId, Progress>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports until the queue is gone: the first change at once, further ones once an interval.
pub(super) async fn report(
    buffer: Arc<ProgressBuffer>,
    queue: Recipient<ProgressReported>,
    interval: Duration,
) {
    while queue.connected() {
        buffer.changed.notified().await;
        let reports = buffer.take();
        if !reports.is_empty() {
            queue.do_send(ProgressReported { reports });
        }
        tokio::time::sleep(interval).await;
    }
}
