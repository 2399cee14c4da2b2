//! How a queue comes to answer: its writer is started once, and its core made from what the store keeps, at the
//! first start and after each panic.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::prelude::*;
use tokio::sync::oneshot;

use super::{JobQueue, JobQueueParts, PART, WriterSlot};
use crate::clock::Clock;
use crate::executor::{Executor, Reports};
use crate::files::FileStore;
use crate::kinds::KindRegistry;
use crate::pubsub::PubSub;
use crate::queue::core::{Core, CoreConfig};
use crate::store::memory::MemoryStore;
use crate::store::writer::{WriterHandle, Written};
use crate::store::{QueueSettings, Store, StoreError, StoredYard};
use crate::supervision::{RestartBudget, Supervision};

type Loaded = Result<StoredYard, StoreError>;
/// Where the writer's thread puts what a starting queue waits for.
pub(super) type LoadSlot = Arc<Mutex<Option<(u64, oneshot::Sender<Loaded>)>>>;

/// From the writer's thread, but for what it loaded: that goes past the mailbox.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct FromWriter(pub Written);

impl JobQueue {
    pub(super) fn start_writer(&mut self, ctx: &mut Context<Self>) {
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
        self.executor.report_to(Reports {
            ended: ctx.address().recipient(),
            progress: ctx.address().recipient(),
            logs: ctx.address().recipient(),
            adds: ctx.address().recipient(),
        });
    }

    /// Holds the mailbox until the core has been made from the store.
    pub(super) fn load(&mut self, ctx: &mut Context<Self>) {
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
            // Not called by a handler, so nothing else would catch a panic in it.
            Ok(Ok(stored)) => queue.guarded(ctx, |queue, ctx| queue.rebuild(stored, ctx)),
            Ok(Err(error)) => queue.fail(&format!("the store could not be read: {error}"), ctx),
            Err(_) => queue.fail("the store's writer has ended", ctx),
        }));
    }

    fn rebuild(&mut self, stored: StoredYard, ctx: &mut Context<Self>) {
        let known = self.executor.known();
        let (core, decisions) = Core::rebuild(
            self.config.clone(),
            stored,
            known,
            self.next_ticket,
            self.mode,
            self.clock.now_ms(),
        );
        // The rebuild itself writes. Should the next message panic, these tickets must not be given out again:
        // the answers to them are in the mailbox then.
        self.next_ticket = core.next_ticket();
        self.core = Some(core);
        self.carry_out(decisions, ctx);
    }

    fn fail(&mut self, reason: &str, ctx: &mut Context<Self>) {
        self.supervision.failed(PART, reason, Instant::now());
        ctx.stop();
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
        let executor =
            Executor::new(kinds, Arc::new(files), Arc::downgrade(&store.reader()), Clock::default(), Some(1));
        JobQueueParts {
            store: store.writer().expect("the writer of a new store is free"),
            executor: executor.expect("the system gives one more thread"),
            pubsub: PubSub::from_registry(),
            supervision: Supervision::new(RestartBudget::default()),
            clock: Clock::default(),
            core: CoreConfig {
                queue_defaults: HashMap::new(),
                other_queues: QueueSettings::with_concurrency(1),
                kinds: Some(Arc::default()),
            },
            writer: WriterSlot::default(),
            refused: Arc::default(),
        }
    }
}
