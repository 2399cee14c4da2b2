//! Where the work of one attempt tells how far it is, and writes its log.

use std::sync::Arc;

use taskyard_shared::job::Progress;
use taskyard_shared::log::LogLevel;

use super::Executor;
use super::log::AttemptLog;
use super::progress::ProgressBuffer;
use crate::clock::Clock;
use crate::kinds::context::Listener;
use crate::queue::core::AttemptId;

/// Hands on what it hears to the buffers of the executor.
pub(super) struct AttemptListener {
    id: AttemptId,
    clock: Clock,
    progress: Arc<ProgressBuffer>,
    log: AttemptLog,
}

impl AttemptListener {
    pub fn new(id: AttemptId, executor: &Executor) -> Self {
        AttemptListener {
            id,
            clock: executor.clock.clone(),
            progress: Arc::clone(&executor.progress),
            log: AttemptLog::new(id, Arc::clone(&executor.logs)),
        }
    }

    /// Called once, when nothing of the attempt's work is left. Answers whether there are lines of it to be reported.
    pub fn finish(&self) -> bool {
        self.log.finish(self.clock.now_ms())
    }
}

impl Listener for AttemptListener {
    fn progress(&self, progress: Progress) {
        self.progress.put(self.id, progress);
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.log.write(self.clock.now_ms(), level, text);
    }
}
