//! The actor around the core: messages in, decisions out. It never blocks, runs no job code and touches no
//! disk.
//!
//! A panic in a handler costs the callers who wait an error, and nothing else: the supervisor restarts the
//! actor with its mailbox, the core is rebuilt from the store and the executor, and the messages behind the
//! panic are answered then.

mod handlers;
mod start;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;

use super::core::{Answer, Core, CoreConfig, Decision, Input, Mode, RequestId};
use super::messages::QueueError;
use crate::clock::Clock;
use crate::executor::Executor;
use crate::pubsub::{PubSub, Publish};
use crate::store::StoreWriter;
use crate::store::writer::{WriterHandle, WriterThread};
use crate::supervision::Supervision;
use start::LoadSlot;

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
    /// Counts what was refused because too much waited for the store.
    pub refused: Arc<AtomicU64>,
}

/// The queue. See the module's text.
pub struct JobQueue {
    /// Taken when the writer starts: at the actor's first start.
    store: Option<Box<dyn StoreWriter>>,
    writer: Option<WriterHandle>,
    writer_slot: WriterSlot,
    refused: Arc<AtomicU64>,
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
    /// The one timer that runs, if any: each that the core asks for takes its place.
    wake: Option<SpawnHandle>,
    /// Outlives a restart: a core that was draining is rebuilt draining.
    mode: Mode,
    /// Counts starts of the actor, so that a load asked for by an earlier one is not taken for this one's.
    generation: u64,
    loading: LoadSlot,
}

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
            refused: parts.refused,
            executor: parts.executor,
            pubsub: parts.pubsub,
            supervision: parts.supervision,
            clock: parts.clock,
            config: parts.core,
            core: None,
            callers: HashMap::new(),
            next_request: 0,
            next_ticket: 0,
            wake: None,
            mode: Mode::default(),
            generation: 0,
            loading: LoadSlot::default(),
        }
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
                    if matches!(answer, Err(QueueError::Overloaded)) {
                        self.refused.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Some(caller) = self.callers.remove(&request) {
                        // A caller who no longer waits has no use for the answer.
                        let _ = caller.send(answer);
                    }
                }
                Decision::Publish(events) => self.pubsub.do_send(Publish(Arc::new(events))),
                Decision::WakeAt { at_ms } => self.wake_at(at_ms, ctx),
            }
        }
        if let Some(writer) = &self.writer
            && !batch.is_empty()
        {
            writer.submit(batch);
        }
    }

    /// Has the core woken then, and not at the time it asked for before.
    fn wake_at(&mut self, at_ms: i64, ctx: &mut Context<Self>) {
        if let Some(earlier) = self.wake.take() {
            ctx.cancel_future(earlier);
        }
        let wait_ms = u64::try_from(at_ms - self.clock.now_ms()).unwrap_or(0);
        self.wake = Some(ctx.run_later(Duration::from_millis(wait_ms), move |queue, ctx| {
            queue.wake = None;
            queue.apply(Input::Wake { at_ms }, ctx);
        }));
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

impl Actor for JobQueue {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        self.start_writer(ctx);
        self.load(ctx);
    }
}

impl Supervised for JobQueue {
    fn restarting(&mut self, _ctx: &mut Self::Context) {
        // Dropping their senders tells everyone who waits.
        self.callers.clear();
        self.core = None;
        // The timer went with the earlier context, and its handle may name something else in the next.
        self.wake = None;
    }
}
