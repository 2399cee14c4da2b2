//! The actor around the core: messages in, decisions out. It never blocks, runs no job code and touches no
//! disk.
//!
//! A panic in a handler costs the callers who wait an error, and nothing else: the supervisor restarts the
//! actor with its mailbox, the core is rebuilt from the store and the executor, and the messages behind the
//! panic are answered then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::core::{Answer, Core, CoreConfig, Decision, Input, RequestId};
use super::messages::{
    AddJobs, AttemptEnded, CancelJob, ClearFinished, ConfigureQueue, Drain, ListQueues, Panic,
    ProgressReported, QueueError, RetryJob,
};
use crate::clock::Clock;
use crate::executor::{Executor, Reports};
use crate::files::FileStore;
use crate::kinds::KindRegistry;
use crate::pubsub::{PubSub, Publish};
use crate::queue::core::AttemptId;
use crate::store::memory::MemoryStore;
use crate::store::writer::{WriterHandle, WriterThread, Written};
use crate::store::{QueueSettings, Store, StoreError, StoreWriter, StoredYard};
use crate::supervision::{RestartBudget, Supervision};

/// The started writer, for whoever reads its counters or waits for its end.
pub type WriterSlot = Arc<Mutex<Option<(WriterHandle, WriterThread)>>>;

/// What a queue is made of.
pub struct JobQueueParts {
    pub store: Box<dyn StoreWriter>,
    pub executor: Arc<Executor>,
    pub pubsub: Addr<PubSub>,
    pub supervision: Supervision,
    pub clock: Clock,
    pub core: CoreConfig,
    /// Filled when the writer has started.
    pub writer: WriterSlot,
}

/// The queue. See the module's text.
pub struct JobQueue {
    /// Taken when the writer starts: at the actor's first start.
    store: Option<Box<dyn StoreWriter>>,
    writer: Option<WriterHandle>,
    writer_slot: WriterSlot,
    executor: Arc<Executor>,
    pubsub: Addr<PubSub>,
    supervision: Supervision,
    clock: Clock,
    config: CoreConfig,
    /// None only until the store has been loaded; the mailbox waits meanwhile.
    core: Option<Core>,
    /// Callers who wait. Bounded by the core's bounds on what may be under way.
    callers: HashMap<RequestId, oneshot::Sender<Result<Answer, QueueError>>>,
    next_request: u64,
    next_ticket: u64,
    /// Counts starts of the actor, so that a load asked for by an earlier one is not taken for this one's.
    generation: u64,
    loading: LoadSlot,
}

type Loaded = Result<StoredYard, StoreError>;
/// Where the writer's thread puts what a starting queue waits for.
type LoadSlot = Arc<Mutex<Option<(u64, oneshot::Sender<Loaded>)>>>;

/// The mailbox's bound for senders that wait; what the writer and the executor report goes past it, and is
/// bounded by what was asked of them.
const MAILBOX: usize = 4096;
const PART: &str = "queue";

impl JobQueue {
    pub fn new(parts: JobQueueParts) -> Self {
        JobQueue {
            store: Some(parts.store),
            writer: None,
            writer_slot: parts.writer,
            executor: parts.executor,
            pubsub: parts.pubsub,
            supervision: parts.supervision,
            clock: parts.clock,
            config: parts.core,
            core: None,
            callers: HashMap::new(),
            next_request: 0,
            next_ticket: 0,
            generation: 0,
            loading: LoadSlot::default(),
        }
    }

    fn start_writer(&mut self, ctx: &mut Context<Self>) {
        let Some(store) = self.store.take() else { return };
        let queue = ctx.address();
        let loading = Arc::clone(&self.loading);
        let clock = self.clock.clone();
        let (writer, thread) = WriterHandle::start(
            store,
            move || clock.now_ms(),
            move |written| match written {
                Written::Loaded { generation, yard } => deliver(&loading, generation, yard),
                written => queue.do_send(FromWriter(written)),
            },
        );
        self.writer = Some(writer.clone());
        *self.writer_slot.lock().unwrap_or_else(PoisonError::into_inner) = Some((writer, thread));
        self.executor
            .report_to(Reports { ended: ctx.address().recipient(), progress: ctx.address().recipient() });
    }

    /// Holds the mailbox until the core has been made from the store.
    fn load(&mut self, ctx: &mut Context<Self>) {
        let pause =
            if self.generation > 0 { self.supervision.pause_before_restart() } else { Duration::ZERO };
        self.generation += 1;
        let (sender, receiver) = oneshot::channel();
        *self.loading.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.generation, sender));
        let writer = self.writer.clone();
        let generation = self.generation;
        let loaded = async move {
            tokio::time::sleep(pause).await;
            if let Some(writer) = writer {
                writer.load(generation);
            }
            receiver.await
        };
        ctx.wait(loaded.into_actor(self).map(|loaded, queue, ctx| match loaded {
            Ok(Ok(stored)) => queue.rebuild(stored, ctx),
            Ok(Err(error)) => queue.fail(&format!("the store could not be read: {error}"), ctx),
            Err(_) => queue.fail("the store's writer has ended", ctx),
        }));
    }

    fn rebuild(&mut self, stored: StoredYard, ctx: &mut Context<Self>) {
        let known = self.executor.known();
        let (core, decisions) = Core::rebuild(self.config.clone(), stored, known, self.next_ticket);
        self.core = Some(core);
        self.carry_out(decisions, ctx);
    }

    fn fail(&mut self, reason: &str, ctx: &mut Context<Self>) {
        self.supervision.failed(PART, reason, Instant::now());
        ctx.stop();
    }

    /// Runs one step of the actor; a panic in it restarts the actor.
    fn guarded(&mut self, ctx: &mut Context<Self>, step: impl FnOnce(&mut Self, &mut Context<Self>)) {
        let supervision = self.supervision.clone();
        if supervision.guard(PART, || step(self, ctx)).is_err() {
            ctx.stop();
        }
    }

    fn apply(&mut self, input: Input, ctx: &mut Context<Self>) {
        self.guarded(ctx, |queue, ctx| {
            let now_ms = queue.clock.now_ms();
            let Some(core) = &mut queue.core else { return };
            let decisions = core.apply(input, now_ms);
            queue.next_ticket = core.next_ticket();
            queue.carry_out(decisions, ctx);
        });
    }

    fn carry_out(&mut self, decisions: Vec<Decision>, ctx: &mut Context<Self>) {
        let mut batch = Vec::new();
        for decision in decisions {
            match decision {
                Decision::Write(ticket, op) => batch.push((ticket, op)),
                Decision::Start(job) => self.executor.start(job),
                Decision::Stop(attempt) => self.executor.stop(attempt),
                Decision::Settle(attempt) => self.executor.settle(attempt),
                Decision::Answer(request, answer) => {
                    if let Some(caller) = self.callers.remove(&request) {
                        // A caller who no longer waits has no use for the answer.
                        let _ = caller.send(answer);
                    }
                }
                Decision::Publish(events) => self.pubsub.do_send(Publish(Arc::new(events))),
                Decision::WakeAt { at_ms } => {
                    let wait_ms = u64::try_from(at_ms - self.clock.now_ms()).unwrap_or(0);
                    ctx.run_later(Duration::from_millis(wait_ms), |queue, ctx| {
                        queue.apply(Input::Wake, ctx);
                    });
                }
            }
        }
        if let Some(writer) = &self.writer
            && !batch.is_empty()
        {
            writer.submit(batch);
        }
    }

    /// Applies what a caller asks, and gives the future of its answer.
    fn ask<T: 'static>(
        &mut self,
        ctx: &mut Context<Self>,
        input: impl FnOnce(RequestId) -> Input,
        read: impl FnOnce(Answer) -> Option<T> + 'static,
    ) -> ResponseFuture<Result<T, QueueError>> {
        let request = RequestId(self.next_request);
        self.next_request += 1;
        let (sender, receiver) = oneshot::channel();
        self.callers.insert(request, sender);
        self.apply(input(request), ctx);
        Box::pin(async move {
            match receiver.await {
                Ok(answer) => answer.and_then(|answer| read(answer).ok_or(QueueError::Restarting)),
                Err(_) => Err(QueueError::Restarting),
            }
        })
    }
}

fn deliver(loading: &LoadSlot, generation: u64, yard: Loaded) {
    let mut slot = loading.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_some_and(|(waiting, _)| *waiting == generation)
        && let Some((_, sender)) = slot.take()
    {
        // The queue may have been stopped meanwhile.
        let _ = sender.send(yard);
    }
}

impl Actor for JobQueue {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.start_writer(ctx);
        self.load(ctx);
    }
}

impl SystemService for JobQueue {}

/// What the registry starts when somebody looks the queue up where no yard was started: it keeps its jobs
/// in memory and runs none, for it knows no kinds.
impl Default for JobQueue {
    fn default() -> Self {
        JobQueue::new(JobQueueParts::in_memory())
    }
}

impl JobQueueParts {
    fn in_memory() -> Self {
        let store = MemoryStore::new();
        let files = FileStore::temporary().expect("the system has a folder for temporary files");
        let kinds = Arc::new(KindRegistry::builder().build());
        let executor = Executor::new(kinds, Arc::new(files), Some(1));
        JobQueueParts {
            store: store.writer().expect("the writer of a new store is free"),
            executor: executor.expect("the system gives one more thread"),
            pubsub: PubSub::from_registry(),
            supervision: Supervision::new(RestartBudget::default()),
            clock: Clock::default(),
            core: CoreConfig {
                queue_defaults: HashMap::new(),
                other_queues: QueueSettings { concurrency: 1, paused: false },
            },
            writer: WriterSlot::default(),
        }
    }
}

impl Supervised for JobQueue {
    fn restarting(&mut self, _ctx: &mut Self::Context) {
        // Dropping their senders tells everyone who waits.
        self.callers.clear();
        self.core = None;
    }
}

/// From the writer's thread.
#[derive(Message)]
#[rtype(result = "()")]
struct FromWriter(Written);

impl Handler<FromWriter> for JobQueue {
    type Result = ();

    fn handle(&mut self, FromWriter(written): FromWriter, ctx: &mut Self::Context) {
        match written {
            Written::Committed { commit, results } => {
                self.apply(Input::Committed { commit, results }, ctx);
            }
            Written::Failed { ops, error } => {
                tracing::error!(%error, operations = ops.len(), "the store refused a batch");
                self.apply(Input::WriteFailed { ops, error }, ctx);
            }
            // Delivered past the mailbox, which waits for it.
            Written::Loaded { .. } => {}
        }
    }
}

impl Handler<AddJobs> for JobQueue {
    type Result = ResponseFuture<<AddJobs as Message>::Result>;

    fn handle(&mut self, AddJobs { jobs }: AddJobs, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Add { request, jobs },
            |answer| match answer {
                Answer::Added(ids) => Some(ids),
                _ => None,
            },
        )
    }
}

impl Handler<CancelJob> for JobQueue {
    type Result = ResponseFuture<<CancelJob as Message>::Result>;

    fn handle(&mut self, CancelJob { id }: CancelJob, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Cancel { request, id },
            |answer| match answer {
                Answer::Cancelled { was_running } => Some(was_running),
                _ => None,
            },
        )
    }
}

impl Handler<RetryJob> for JobQueue {
    type Result = ResponseFuture<<RetryJob as Message>::Result>;

    fn handle(&mut self, RetryJob { id }: RetryJob, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Retry { request, id },
            |answer| matches!(answer, Answer::Retried).then_some(()),
        )
    }
}

impl Handler<ClearFinished> for JobQueue {
    type Result = ResponseFuture<<ClearFinished as Message>::Result>;

    fn handle(&mut self, ClearFinished { queue }: ClearFinished, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Clear { request, queue },
            |answer| match answer {
                Answer::Cleared { count } => Some(count),
                _ => None,
            },
        )
    }
}

impl Handler<ConfigureQueue> for JobQueue {
    type Result = ResponseFuture<<ConfigureQueue as Message>::Result>;

    fn handle(&mut self, change: ConfigureQueue, ctx: &mut Self::Context) -> Self::Result {
        let ConfigureQueue { queue, paused, concurrency } = change;
        self.ask(
            ctx,
            |request| Input::Configure { request, queue, paused, concurrency },
            |answer| match answer {
                Answer::Configured(status) => Some(status),
                _ => None,
            },
        )
    }
}

impl Handler<ListQueues> for JobQueue {
    type Result = <ListQueues as Message>::Result;

    fn handle(&mut self, _: ListQueues, _: &mut Self::Context) -> Self::Result {
        let core = self.core.as_ref().ok_or(QueueError::Restarting)?;
        Ok((core.commit(), core.statuses()))
    }
}

impl Handler<AttemptEnded> for JobQueue {
    type Result = ();

    fn handle(&mut self, ended: AttemptEnded, ctx: &mut Self::Context) {
        let attempt = AttemptId { job: ended.id, attempt: ended.attempt };
        self.apply(Input::Ended { attempt, end: ended.end, artifacts: ended.artifacts }, ctx);
    }
}

impl Handler<ProgressReported> for JobQueue {
    type Result = ();

    fn handle(&mut self, ProgressReported { reports }: ProgressReported, ctx: &mut Self::Context) {
        self.apply(Input::Progress { reports }, ctx);
    }
}

impl Handler<Drain> for JobQueue {
    type Result = ResponseFuture<<Drain as Message>::Result>;

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) -> Self::Result {
        self.ask(
            ctx,
            |request| Input::Drain { request },
            |answer| matches!(answer, Answer::Drained).then_some(()),
        )
    }
}

impl Handler<Panic> for JobQueue {
    type Result = ();

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) {
        self.guarded(ctx, |_, _| panic!("a panic that was asked for"));
    }
}
