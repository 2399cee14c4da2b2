//! Stopping: no new work, time for what runs, then give it back.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Yard;
use crate::queue::messages::Drain;

/// How long work may take to end once it was told to stop, beyond the caller's deadline and what its kind needs.
const RELEASE_TIME: Duration = Duration::from_secs(5);

/// How a yard came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Everything that ran has ended and is stored.
    Drained,
    /// Work went on past the deadline: it was stopped and will run again.
    Released,
    /// Work did not end even when it was told to. It counts as lost, and will run again.
    Abandoned,
}

impl Yard {
    /// Starts nothing more, lets what runs finish for `deadline`, then stops it and makes it pending again.
    /// When this returns, everything is on the disk. The data folder is
    /// free for another yard when the last clone of this one is gone: they can still read.
    pub async fn stop(&self, deadline: Duration) -> Stopped {
        self.inner.stopping.store(true, Ordering::Relaxed);
        let how = self.drain(deadline).await;
        let writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        for arbiter in &self.inner.arbiters {
            arbiter.stop();
        }
        if let Some((handle, thread)) = writer {
            drop(handle);
            // The queue's own handle goes with its arbiter; then the thread ends.
            if tokio::task::spawn_blocking(move || thread.join()).await.is_err() {
                tracing::error!("the store's writer did not end cleanly");
            }
        }
        how
    }

    async fn drain(&self, deadline: Duration) -> Stopped {
        if self.drained_within(deadline).await {
            return Stopped::Drained;
        }
        self.inner.executor.stop_all();
        if self.drained_within(RELEASE_TIME + self.inner.kinds.stop_time()).await {
            Stopped::Released
        } else {
            Stopped::Abandoned
        }
    }

    async fn drained_within(&self, time: Duration) -> bool {
        let drained = async {
            loop {
                match self.inner.queue.send(Drain).await {
                    Ok(Ok(())) => return true,
                    // A queue that restarts meanwhile forgets who waits for it, and is asked again.
                    Ok(Err(_)) => {}
                    Err(_) => return false,
                }
            }
        };
        tokio::time::timeout(time, drained).await.unwrap_or(false)
    }
}
