//! The handle: what other Rust programs, the API and the sockets call.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};

use actix::{Addr, Arbiter};
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::explain::Explanation;
use taskyard_shared::job::{JobDetail, JobId};
use taskyard_shared::kind::KindInfo;
use taskyard_shared::limit::Rate;
use taskyard_shared::log::LogLine;
use taskyard_shared::new_job::{AddMode, NewJob, NewJobs};
use taskyard_shared::queue::{QueueChange, QueueStatus};
use taskyard_shared::view::{JobsQuery, YardLists};

use super::builder::YardBuilder;
use crate::clock::Clock;
use crate::executor::Executor;
use crate::files::FileStore;
use crate::kinds::{IntoNewJob, KindRegistry};
use crate::pubsub::{GetCounters, PubSub, PubSubCounters};
use crate::queue::core::{AddAnswer, AddedBy, AddedJob};
use crate::queue::messages::{
    AddJobs, AddedOutside, CancelJob, ConfigureQueue, ExplainJob, ListQueues, ListYard, QueueError,
};
use crate::queue::{JobQueue, WriterSlot};
use crate::services::Services;
use crate::store::writer::WriterCounters;
use crate::store::{AddTerms, IdempotencyKey, InsertResult, JobsPage, Store, StoreError, StoreReader};
use crate::supervision::Supervision;
use crate::views::{LiveCounters, ViewHub};

/// A running yard. Cheap to clone; every clone is the same yard. It runs until [`Yard::stop`].
#[derive(Clone)]
pub struct Yard {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub queue: Addr<JobQueue>,
    pub hub: Addr<ViewHub>,
    pub pubsub: Addr<PubSub>,
    pub services: Services,
    /// How often a client may submit.
    pub submissions: Option<Rate>,
    pub refused: Arc<AtomicU64>,
    pub live_counters: Arc<LiveCounters>,
    pub kinds: Arc<KindRegistry>,
    pub files: Arc<FileStore>,
    pub store: Arc<dyn Store>,
    pub reader: Arc<dyn StoreReader>,
    pub executor: Arc<Executor>,
    pub supervision: Supervision,
    pub writer: WriterSlot,
    pub arbiters: [Arbiter; 3],
    /// Set when [`Yard::stop`] begins.
    pub stopping: AtomicBool,
    pub instance: String,
    pub clock: Clock,
}

/// A yard that does not live on because of this.
pub(crate) struct WeakYard {
    inner: Weak<Inner>,
}

impl WeakYard {
    /// None: nobody has the yard any more.
    pub fn upgrade(&self) -> Option<Yard> {
        self.inner.upgrade().map(|inner| Yard { inner })
    }
}

impl Yard {
    pub fn builder() -> YardBuilder {
        YardBuilder::default()
    }

    /// Stores a job and answers its id; from then on it survives a power cut. Where another job has its unique key
    /// and that one is wanted then, that one's id.
    ///
    /// # Errors
    /// The job is refused, with what is wrong with it, or could not be stored; nothing was stored then.
    pub async fn add(&self, job: impl IntoNewJob) -> Result<JobId, WireError> {
        self.add_with(job, None).await.map(|added| added.id)
    }

    /// As [`Yard::add`]; a repeated request with the same `idempotency` key is answered as the first was.
    pub async fn add_with(
        &self,
        job: impl IntoNewJob,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<AddedJob, WireError> {
        let added = match self.answered(idempotency.clone()).await? {
            Some(answer) => answer,
            None => {
                let (job, now_ms) = (job.into_new_job()?, self.inner.clock.now_ms());
                let insert = self.inner.kinds.prepare(job, &self.inner.files, now_ms).await?;
                let terms = AddTerms { idempotency, ..AddTerms::default() };
                self.ask(AddJobs { jobs: vec![insert], terms, by: AddedBy::Caller }).await?
            }
        };
        added.into_one()
    }

    /// Stores jobs in one transaction, all or none, and answers their ids in order.
    ///
    /// # Errors
    /// As [`Yard::add`]; the first job that is wrong is named.
    pub async fn add_many(&self, jobs: Vec<NewJob>) -> Result<Vec<JobId>, WireError> {
        let jobs = NewJobs { jobs, mode: AddMode::AllOrNothing, batch: None, then: None, chain: false };
        let added = self.add_all(jobs, None).await?;
        let mut ids = Vec::with_capacity(added.outcomes.len());
        for outcome in added.outcomes {
            match outcome {
                AddOutcome::Added { id } | AddOutcome::Existing { id } | AddOutcome::Replaced { id } => {
                    ids.push(id);
                }
                AddOutcome::Refused { error } => return Err(error),
                AddOutcome::NotAdded {} => {}
            }
        }
        Ok(ids)
    }

    /// Stores several jobs, which may come after each other, in one transaction.
    ///
    /// # Errors
    /// The call as a whole is wrong. What is wrong with single jobs is in their outcomes.
    pub async fn add_all(
        &self,
        jobs: NewJobs,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<AddAnswer, WireError> {
        if let Some(answer) = self.answered(idempotency.clone()).await? {
            return Ok(answer);
        }
        let prepared =
            self.inner.kinds.prepare_all(jobs, &self.inner.files, self.inner.clock.now_ms()).await?;
        let (jobs, mut terms, seats) = prepared.into_parts();
        if jobs.is_empty() {
            return Ok(AddAnswer { outcomes: seats.outcomes(Vec::new()), ..AddAnswer::default() });
        }
        terms.seats = idempotency.is_some().then(|| seats.clone());
        terms.idempotency = idempotency;
        let added = self.ask(AddJobs { jobs, terms, by: AddedBy::Caller }).await?;
        if added.is_repeated {
            return Ok(added);
        }
        Ok(AddAnswer { outcomes: seats.outcomes(added.outcomes), ..added })
    }

    /// What a request with this key was answered before. It is looked up before the request is looked at: whatever has
    /// become wrong with it since, it is answered as it was. (Two that come at the same time meet in the store.)
    async fn answered(&self, idempotency: Option<IdempotencyKey>) -> Result<Option<AddAnswer>, WireError> {
        let Some(key) = idempotency else { return Ok(None) };
        let now_ms = self.inner.clock.now_ms();
        match self.read(move |reader| reader.answered(&key, now_ms)).await? {
            Some(InsertResult::Replayed { batch, outcomes }) => {
                Ok(Some(AddAnswer { batch, outcomes, is_repeated: true }))
            }
            Some(InsertResult::KeyReused) => Err(QueueError::KeyReused.into()),
            Some(InsertResult::Done { .. }) | None => Ok(None),
        }
    }

    /// Cancels a job that has not ended. Answers whether it was running, in which case its work is being stopped.
    pub async fn cancel(&self, id: JobId) -> Result<bool, WireError> {
        self.ask(CancelJob { id }).await
    }

    /// Changes a queue's settings as given, and answers how it stands then.
    pub async fn configure(&self, queue: String, change: QueueChange) -> Result<QueueStatus, WireError> {
        self.ask(ConfigureQueue { queue, change }).await
    }

    /// Why a job is not running.
    pub async fn explain(&self, id: JobId) -> Result<Explanation, WireError> {
        let facts = self.read(move |reader| reader.waiting_facts(id)).await?;
        let facts = Box::new(facts.ok_or(QueueError::NoSuchJob(id))?);
        self.ask(ExplainJob { facts }).await
    }

    /// Schedules, limits and operations as they stand.
    pub async fn lists(&self) -> Result<YardLists, WireError> {
        self.ask(ListYard).await.map(|(_, lists)| lists)
    }

    pub async fn batch(&self, id: BatchId) -> Result<BatchStatus, WireError> {
        let batch = self.read(move |reader| reader.batch(id)).await?;
        batch.ok_or_else(|| WireError::new(ErrorCode::NotFound, format!("there is no batch {id}")))
    }

    /// The newest lines of a job's log, or of one of its attempts, oldest first: at most `limit`.
    pub async fn log(&self, id: JobId, attempt: Option<u32>, limit: u32) -> Result<Vec<LogLine>, WireError> {
        self.read(move |reader| reader.log(id, attempt, limit)).await.map(|page| page.lines)
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

    /// Has the queue look for jobs that were added in transactions of others' own ([`crate::transactional`]). To be
    /// called after such a commit; [`Yard::transaction`] does it. Costs little, and nothing depends on when it is
    /// called or how often: what is not told is found with the queue's next write, at the latest at the next start.
    pub fn wake(&self) {
        self.inner.queue.do_send(AddedOutside);
    }

    /// The SQLite file with the jobs, which may hold tables of the program's own as well: see
    /// [`crate::transactional`]. None: they are in memory.
    pub fn data_file(&self) -> Option<&Path> {
        self.inner.store.data_file()
    }

    /// The kinds of jobs that can be added, sorted by name.
    pub fn kinds(&self) -> Vec<KindInfo> {
        self.inner.kinds.infos()
    }

    pub(crate) fn downgrade(&self) -> WeakYard {
        WeakYard { inner: Arc::downgrade(&self.inner) }
    }

    /// The queue's actor.
    pub fn queue(&self) -> &Addr<JobQueue> {
        &self.inner.queue
    }

    pub(crate) fn pubsub(&self) -> &Addr<PubSub> {
        &self.inner.pubsub
    }

    /// The live views' actor.
    pub fn hub(&self) -> &Addr<ViewHub> {
        &self.inner.hub
    }

    /// Rate limiter, cache and pools of connections.
    pub fn services(&self) -> &Services {
        &self.inner.services
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

    pub(crate) fn registry(&self) -> &KindRegistry {
        &self.inner.kinds
    }

    /// The time by the yard's clock, in milliseconds since the Unix epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, WireError>
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

    pub(super) async fn ask<M, T>(&self, message: M) -> Result<T, WireError>
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
