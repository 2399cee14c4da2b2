//! Jobs that the work of others adds: checked like all, and handed to the queue.

use std::sync::Arc;

use actix::Recipient;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use taskyard_shared::error::WireError;
use taskyard_shared::job::JobId;
use taskyard_shared::new_job::NewJob;

use super::Executor;
use crate::clock::Clock;
use crate::files::FileStore;
use crate::kinds::KindRegistry;
use crate::kinds::context::Adder;
use crate::queue::QueueError;
use crate::queue::core::AddedBy;
use crate::queue::messages::AddJobs;
use crate::store::{AddTerms, IdempotencyKey};

pub(super) struct QueueAdder {
    kinds: Arc<KindRegistry>,
    files: Arc<FileStore>,
    clock: Clock,
    /// None before the executor was told whom to report to; no attempt begins before.
    queue: Option<Recipient<AddJobs>>,
}

impl QueueAdder {
    pub fn new(executor: &Executor) -> Self {
        QueueAdder {
            kinds: Arc::clone(&executor.kinds),
            files: Arc::clone(&executor.files),
            clock: executor.clock.clone(),
            queue: executor.reports.get().map(|reports| reports.adds.clone()),
        }
    }
}

impl Adder for QueueAdder {
    fn add(
        &self,
        job: NewJob,
        idempotency: Option<IdempotencyKey>,
    ) -> BoxFuture<'static, Result<JobId, WireError>> {
        let (kinds, files, clock) = (Arc::clone(&self.kinds), Arc::clone(&self.files), self.clock.clone());
        let queue = self.queue.clone();
        async move {
            let insert = kinds.prepare(job, &files, clock.now_ms()).await?;
            let queue = queue.ok_or(QueueError::Restarting)?;
            let terms = AddTerms { idempotency, ..AddTerms::default() };
            let jobs = AddJobs { jobs: vec![insert], terms, by: AddedBy::Job };
            // A closed mailbox: the message went down with a handler that panicked.
            let added = queue.send(jobs).await.map_err(|_| QueueError::Restarting)??;
            added.into_one().map(|added| added.id)
        }
        .boxed()
    }
}
