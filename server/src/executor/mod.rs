//! Runs the work of claimed jobs: one task for each attempt, on a multi-thread tokio runtime of its own, so
//! that neither the queue nor the HTTP workers ever run job code.
//!
//! The executor remembers every attempt from its start until the queue says that its end is in the store
//! ([`Executor::settle`]); a queue that restarts in between asks for them ([`Executor::known`]) and loses
//! none.

mod adding;
mod attempt;
mod bounds;
mod ends;
mod listener;
mod log;
mod progress;
mod reuse;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use actix::Recipient;
use taskyard_shared::job::FileRef;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::files::FileStore;
use crate::kinds::KindRegistry;
use crate::queue::core::{AttemptId, EndedAttempt, KnownAttempt};
use crate::queue::messages::{AddJobs, AttemptsEnded, LogsReported, ProgressReported};
use crate::services::Services;
use crate::store::{AttemptEnd, ClaimedJob, StoreReader};
pub use ends::EndBuffer;
use log::LogBuffer;
use progress::ProgressBuffer;

/// Whom the executor reports to.
#[derive(Clone)]
pub struct Reports {
    pub ended: Recipient<AttemptsEnded>,
    pub progress: Recipient<ProgressReported>,
    pub logs: Recipient<LogsReported>,
    /// Takes the jobs that the work of others adds.
    pub adds: Recipient<AddJobs>,
}

/// Shared by the queue, which starts and stops attempts, and the tasks that run them.
pub struct Executor {
    kinds: Arc<KindRegistry>,
    files: Arc<FileStore>,
    /// See [`crate::kinds::JobContext`].
    reader: Weak<dyn StoreReader>,
    clock: Clock,
    /// Bounded by the slots of all queues, plus ends that the store has not taken yet.
    attempts: Mutex<HashMap<AttemptId, Entry>>,
    ends: Arc<EndBuffer>,
    progress: Arc<ProgressBuffer>,
    logs: Arc<LogBuffer>,
    reports: OnceLock<Reports>,
    services: OnceLock<Services>,
    /// None only while the executor is being dropped.
    runtime: Option<Runtime>,
}

struct Entry {
    queue: Arc<str>,
    cancel: CancellationToken,
    ended: Option<(AttemptEnd, Vec<FileRef>)>,
}

/// How often the progress, and the log, of all running attempts together is reported, at most.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);

impl Executor {
    /// `threads`: worker threads of its runtime; None: one per core.
    ///
    /// # Errors
    /// The operating system gave no threads.
    pub fn new(
        kinds: Arc<KindRegistry>,
        files: Arc<FileStore>,
        reader: Weak<dyn StoreReader>,
        clock: Clock,
        threads: Option<usize>,
    ) -> std::io::Result<Arc<Executor>> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.thread_name("taskyard-executor").enable_all();
        if let Some(threads) = threads {
            builder.worker_threads(threads);
        }
        let runtime = builder.build()?;
        Ok(Arc::new(Executor {
            kinds,
            files,
            reader,
            clock,
            attempts: Mutex::default(),
            ends: Arc::default(),
            progress: Arc::default(),
            logs: Arc::default(),
            reports: OnceLock::new(),
            services: OnceLock::new(),
            runtime: Some(runtime),
        }))
    }

    /// Says whom to report to. Only the first call counts: a queue that restarts keeps its address.
    pub fn report_to(self: &Arc<Self>, reports: Reports) {
        if self.reports.set(reports.clone()).is_ok()
            && let Some(runtime) = &self.runtime
        {
            runtime.spawn(progress::report(Arc::clone(&self.progress), reports.progress, REPORT_INTERVAL));
            runtime.spawn(log::report(Arc::clone(&self.logs), reports.logs, REPORT_INTERVAL));
        }
    }

    /// Gives the jobs the yard's services. To be called before the first job starts.
    pub fn provide(&self, services: Services) {
        if self.services.set(services).is_err() {
            tracing::error!("a second set of services is not taken");
        }
    }

    /// Begins the work of a claimed job. An attempt that is known already is not begun again.
    pub fn start(self: &Arc<Self>, claimed: ClaimedJob) {
        let id = AttemptId::of(&claimed);
        let cancel = CancellationToken::new();
        let entry = Entry { queue: claimed.job.queue.as_str().into(), cancel: cancel.clone(), ended: None };
        {
            let mut attempts = self.attempts();
            if attempts.contains_key(&id) {
                return;
            }
            attempts.insert(id, entry);
        }
        if let Some(runtime) = &self.runtime {
            runtime.spawn(attempt::run(Arc::clone(self), id, claimed, cancel));
        }
    }

    /// Has the attempt's work stopped. It is over when [`AttemptsEnded`] says so: as released, unless it ended
    /// by itself first. (For a cancelled job that makes no difference: the store has its end.)
    pub fn stop(&self, attempt: AttemptId) {
        if let Some(entry) = self.attempts().get(&attempt) {
            entry.cancel.cancel();
        }
    }

    /// Stops all work, each attempt as [`Executor::stop`] does.
    pub fn stop_all(&self) {
        for entry in self.attempts().values() {
            entry.cancel.cancel();
        }
    }

    /// Forgets an attempt whose end is in the store.
    pub fn settle(&self, attempt: AttemptId) {
        self.attempts().remove(&attempt);
    }

    /// Every attempt that was started and not settled. Ends that the queue was told of before count as taken: a queue
    /// that asks has lost what it knew, and maybe the message too.
    pub fn known(&self) -> Vec<KnownAttempt> {
        self.ends.take();
        self.attempts()
            .iter()
            .map(|(&attempt, entry)| KnownAttempt {
                attempt,
                queue: Arc::clone(&entry.queue),
                ended: entry.ended.clone(),
            })
            .collect()
    }

    /// Lines of logs that were left out since the start because an attempt wrote too many, or the queue could not take
    /// them: those of attempts that have ended.
    pub fn log_lines_left_out(&self) -> u64 {
        self.logs.left_out()
    }

    /// Returns when the queue has all lines written so far.
    async fn flush_logs(&self) {
        if let Some(reports) = self.reports.get() {
            self.logs.flush(&reports.logs).await;
        }
    }

    /// Keeps how the attempt ended, and tells the queue.
    fn ended(&self, attempt: AttemptId, end: AttemptEnd, artifacts: Vec<FileRef>) {
        self.progress.forget(attempt);
        if let Some(entry) = self.attempts().get_mut(&attempt) {
            entry.ended = Some((end.clone(), artifacts.clone()));
        }
        if let Some(reports) = self.reports.get() {
            self.ends.put(EndedAttempt { attempt, end, artifacts }, &reports.ended);
        }
    }

    fn attempts(&self) -> MutexGuard<'_, HashMap<AttemptId, Entry>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // Dropping a runtime blocks until its threads end, which an async context forbids.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
