//! The yard: everything that runs, and the handle through which the API, the sockets, the command line and
//! other Rust programs speak to it.

mod builder;
mod commands;
mod housekeeping;
mod start;
mod stop;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use actix::{Addr, Arbiter};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{JobDetail, JobId, NewJob};
use taskyard_shared::kind::KindInfo;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::view::JobsQuery;

pub use builder::YardBuilder;
pub use start::StartError;
pub use stop::Stopped;

use crate::executor::Executor;
use crate::files::FileStore;
use crate::kinds::KindRegistry;
use crate::pubsub::{GetCounters, PubSub, PubSubCounters};
use crate::queue::messages::{AddJobs, CancelJob, ConfigureQueue, ListQueues, QueueError};
use crate::queue::{JobQueue, WriterSlot};
use crate::store::writer::WriterCounters;
use crate::store::{JobInsert, JobsPage, Store, StoreError, StoreReader};
use crate::supervision::Supervision;
use crate::views::{LiveCounters, ViewHub};

/// A running yard. Cheap to clone; every clone is the same yard. It runs until [`Yard::stop`].
#[derive(Clone)]
pub struct Yard {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Addr<JobQueue>,
    hub: Addr<ViewHub>,
    pubsub: Addr<PubSub>,
    refused: Arc<AtomicU64>,
    live_counters: Arc<LiveCounters>,
    kinds: Arc<KindRegistry>,
    files: Arc<FileStore>,
    store: Arc<dyn Store>,
    reader: Arc<dyn StoreReader>,
    executor: Arc<Executor>,
    supervision: Supervision,
    writer: WriterSlot,
    arbiters: [Arbiter; 2],
    /// Set when [`Yard::stop`] begins.
    stopping: AtomicBool,
    instance: String,
}

impl Yard {
    pub fn builder() -> YardBuilder {
        YardBuilder::default()
    }

    /// Stores a job and answers its id; from then on it survives a power cut.
    ///
    /// # Errors
    /// The job is refused, with what is wrong with it, or could not be stored; nothing was stored then.
    pub async fn add(&self, job: NewJob) -> Result<JobId, WireError> {
        let ids = self.add_many(vec![job]).await?;
        ids.first().copied().ok_or_else(|| WireError::new(ErrorCode::Internal, "the job got no id"))
    }

    /// Stores jobs in one transaction, all or none, and answers their ids in order.
    ///
    /// # Errors
    /// As [`Yard::add`]; the first job that is wrong is named.
    pub async fn add_many(&self, jobs: Vec<NewJob>) -> Result<Vec<JobId>, WireError> {
        let mut inserts: Vec<JobInsert> = Vec::with_capacity(jobs.len());
        for job in jobs {
            inserts.push(self.inner.kinds.prepare(job, &self.inner.files).await?);
        }
        self.ask(AddJobs { jobs: inserts }).await
    }

    /// Cancels a pending or running job. Answers whether it was running, in which case its work is being
    /// stopped.
    pub async fn cancel(&self, id: JobId) -> Result<bool, WireError> {
        self.ask(CancelJob { id }).await
    }

    /// Changes a queue's settings as given, and answers how it stands then.
    pub async fn configure(
        &self,
        queue: String,
        paused: Option<bool>,
        concurrency: Option<u32>,
    ) -> Result<QueueStatus, WireError> {
        self.ask(ConfigureQueue { queue, paused, concurrency }).await
    }

    /// Every queue as it stands, sorted by name.
    pub async fn queues(&self) -> Result<Vec<QueueStatus>, WireError> {
        self.ask(ListQueues).await.map(|(_, queues)| queues)
    }

    /// One window of the list of jobs.
    pub async fn list(&self, query: JobsQuery) -> Result<JobsPage, WireError> {
        query.validate()?;
        self.read(move |reader| reader.list(&query)).await
    }

    /// Everything about one job.
    pub async fn job(&self, id: JobId) -> Result<JobDetail, WireError> {
        let job = self.read(move |reader| reader.job(id)).await?;
        job.ok_or_else(|| QueueError::NoSuchJob(id).into())
    }

    /// The kinds of jobs that can be added, sorted by name.
    pub fn kinds(&self) -> Vec<KindInfo> {
        self.inner.kinds.infos()
    }

    /// The queue's actor.
    pub fn queue(&self) -> &Addr<JobQueue> {
        &self.inner.queue
    }

    /// The live views' actor.
    pub fn hub(&self) -> &Addr<ViewHub> {
        &self.inner.hub
    }

    /// Whether the yard takes jobs: not while it stops.
    pub fn takes_jobs(&self) -> bool {
        !self.inner.stopping.load(Ordering::Relaxed)
    }

    /// Changes at every start.
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    pub fn files(&self) -> &Arc<FileStore> {
        &self.inner.files
    }

    pub fn reader(&self) -> &Arc<dyn StoreReader> {
        &self.inner.reader
    }

    /// What durability the database reports.
    pub fn durability(&self) -> String {
        self.inner.store.durability()
    }

    /// What the store's writer has done since the start.
    pub fn writer_counters(&self) -> WriterCounters {
        let slot = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().map(|(writer, _)| writer.counters()).unwrap_or_default()
    }

    /// Requests refused since the start because too much waited for the store.
    pub fn refused(&self) -> u64 {
        self.inner.refused.load(Ordering::Relaxed)
    }

    /// What PubSub has done since the start; None while it restarts.
    pub async fn pubsub_counters(&self) -> Option<Arc<PubSubCounters>> {
        self.inner.pubsub.send(GetCounters).await.ok()
    }

    /// What the live side has done since the start.
    pub fn live_counters(&self) -> &Arc<LiveCounters> {
        &self.inner.live_counters
    }

    pub fn supervision(&self) -> &Supervision {
        &self.inner.supervision
    }

    /// Resolves with a sentence when a part could not be kept running. The yard is of no use then.
    pub async fn gave_up(&self) -> String {
        self.inner.supervision.gave_up().await
    }

    async fn read<T, F>(&self, read: F) -> Result<T, WireError>
    where
        T: Send + 'static,
        F: FnOnce(&dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    {
        let reader = Arc::clone(&self.inner.reader);
        match tokio::task::spawn_blocking(move || read(&*reader)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(%error, "a read failed");
                Err(WireError::new(ErrorCode::StoreFailed, error.to_string()))
            }
            Err(_) => Err(WireError::new(ErrorCode::Internal, "the read failed; the server's log says more")),
        }
    }

    async fn ask<M, T>(&self, message: M) -> Result<T, WireError>
    where
        M: actix::Message<Result = Result<T, QueueError>> + Send + 'static,
        T: Send + 'static,
        JobQueue: actix::Handler<M>,
    {
        match self.inner.queue.send(message).await {
            Ok(answer) => answer.map_err(WireError::from),
            Err(actix::MailboxError::Closed) if !self.inner.queue.connected() => {
                Err(QueueError::Stopping.into())
            }
            // The message went down with a handler that panicked.
            Err(actix::MailboxError::Closed) => Err(QueueError::Restarting.into()),
            Err(actix::MailboxError::Timeout) => Err(QueueError::Overloaded.into()),
        }
    }
}
