//! The writer thread: it owns a [`StoreWriter`] and commits all that waits in one transaction, so that the
//! more there is to do, the less each operation costs.
//!
//! **Bound.** The channel refuses nothing: its bound is what the queue admits, `MAX_UNWRITTEN_JOBS` and
//! `MAX_REQUESTS` above all, besides one end for each attempt that worked and the reports of progress, of which the
//! executor makes at most twenty a second.
//! **Order.** Operations are applied, and answered, in the order in which they were submitted.

mod run;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use taskyard_shared::limit::LimitStatus;

use super::ops::{OpResult, Outside, StoredYard, WriteOp};
use super::{CommitSeq, StoreError, StoreWriter};
use crate::supervision::panic_text;

/// Most operations in one transaction. A submitted batch is never cut, so one batch may exceed it.
pub const MAX_OPS_PER_COMMIT: usize = 1_000;
/// Most jobs in one transaction, counting those that its operations insert, claim, report on or clear. A
/// batch that brings more is a transaction of its own.
pub const MAX_JOBS_PER_COMMIT: usize = 4_000;

/// The caller's number for an operation: answers carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What the thread tells, in order.
#[derive(Debug)]
pub enum Written {
    /// One transaction is on the disk. `limits`: every limit as it stands, if that changed. `outside`: what others
    /// committed before it.
    Committed {
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
        limits: Option<Vec<LimitStatus>>,
        outside: Option<Box<Outside>>,
    },
    /// Nothing of these was applied. They are given back, so that they may be tried again.
    Failed { ops: Vec<(Ticket, WriteOp)>, error: StoreError },
    /// Everything submitted before this `load` has been answered.
    Loaded { generation: u64, yard: Result<StoredYard, StoreError> },
}

/// What the thread has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterCounters {
    /// Transactions, those that changed nothing included.
    pub commits: u64,
    /// Operations in them.
    pub ops: u64,
    /// Operations in the largest of them.
    pub largest_batch: u64,
    /// Operations given back as [`Written::Failed`].
    pub failed_ops: u64,
}

/// Tells the thread what to write. Clones reach the same thread; it ends when all are dropped and
/// everything submitted is written.
#[derive(Clone)]
pub struct WriterHandle {
    orders: Sender<Order>,
    counters: Arc<Counters>,
}

/// The running thread.
pub struct WriterThread {
    thread: JoinHandle<()>,
}

enum Order {
    Write(Vec<(Ticket, WriteOp)>),
    Load(u64),
}

#[derive(Default)]
struct Counters {
    commits: AtomicU64,
    ops: AtomicU64,
    largest_batch: AtomicU64,
    failed_ops: AtomicU64,
}

impl WriterHandle {
    /// Starts the thread. `on_done` is called on it after each commit or failure, in order; it must not
    /// block. `clock` gives the milliseconds since the Unix epoch that a transaction's changes carry.
    ///
    /// # Panics
    /// The system has no thread to give.
    pub fn start(
        writer: Box<dyn StoreWriter>,
        clock: impl Fn() -> i64 + Send + 'static,
        on_done: impl FnMut(Written) + Send + 'static,
    ) -> (WriterHandle, WriterThread) {
        let (orders, waiting) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let run = run::Run::new(writer, clock, on_done, Arc::clone(&counters));
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run.until_dropped(&waiting))
            .expect("the process can start a thread");
        (WriterHandle { orders, counters }, WriterThread { thread })
    }

    /// Hands over operations with the caller's tickets; they stay together in one transaction. Never blocks.
    pub fn submit(&self, batch: Vec<(Ticket, WriteOp)>) {
        self.send(Order::Write(batch));
    }

    /// Asks for [`Written::Loaded`], after everything submitted before it. Never blocks.
    pub fn load(&self, generation: u64) {
        self.send(Order::Load(generation));
    }

    pub fn counters(&self) -> WriterCounters {
        self.counters.read()
    }

    fn send(&self, order: Order) {
        // The thread outlives every handle unless `on_done` itself panicked; then nobody waits for answers.
        if self.orders.send(order).is_err() {
            tracing::error!("the store's writer thread has ended; what was submitted is not written");
        }
    }
}

impl Counters {
    fn read(&self) -> WriterCounters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        WriterCounters {
            commits: read(&self.commits),
            ops: read(&self.ops),
            largest_batch: read(&self.largest_batch),
            failed_ops: read(&self.failed_ops),
        }
    }
}

impl WriterThread {
    /// Waits until every handle is dropped and everything submitted is written.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!("the store's writer thread panicked while it reported");
        }
    }
}

/// Calls the store; a panic in it is an error like any other.
fn guarded<T>(call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        Err(StoreError::Refused(format!("a defect of the store: it panicked ({text})")))
    })
}

#[cfg(test)]
mod tests;
