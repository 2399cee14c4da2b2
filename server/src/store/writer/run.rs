//! What the writer thread does, from its first order to its last.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::{Counters, MAX_JOBS_PER_COMMIT, MAX_OPS_PER_COMMIT, Order, Ticket, Written, guarded};
use crate::store::ops::{Committed, WriteOp};
use crate::store::{StoreError, StoreWriter};

pub(super) struct Run<C, D> {
    writer: Box<dyn StoreWriter>,
    clock: C,
    on_done: D,
    counters: Arc<Counters>,
}

/// What is gathered for the next transaction; tickets and operations at the same place belong together.
#[derive(Default)]
struct Gathered {
    tickets: Vec<Ticket>,
    ops: Vec<WriteOp>,
    jobs: usize,
}

impl Gathered {
    fn take_in(&mut self, batch: Vec<(Ticket, WriteOp)>, jobs: usize) {
        self.jobs += jobs;
        for (ticket, op) in batch {
            self.tickets.push(ticket);
            self.ops.push(op);
        }
    }

    /// Whether a batch of so many operations and jobs still fits.
    fn has_room(&self, ops: usize, jobs: usize) -> bool {
        self.ops.is_empty()
            || (self.ops.len() + ops <= MAX_OPS_PER_COMMIT && self.jobs + jobs <= MAX_JOBS_PER_COMMIT)
    }

    /// Gives the operations back, and keeps the two buffers for the next round.
    fn take_back(&mut self) -> Vec<(Ticket, WriteOp)> {
        self.jobs = 0;
        self.tickets.drain(..).zip(self.ops.drain(..)).collect()
    }
}

impl<C: Fn() -> i64, D: FnMut(Written)> Run<C, D> {
    pub fn new(writer: Box<dyn StoreWriter>, clock: C, on_done: D, counters: Arc<Counters>) -> Self {
        Run { writer, clock, on_done, counters }
    }

    /// Serves until every handle is dropped.
    pub fn until_dropped(mut self, waiting: &Receiver<Order>) {
        let mut gathered = Gathered::default();
        // Parks while nothing waits; from the first order on it only drains, so a wake-up is paid once.
        while let Ok(first) = waiting.recv() {
            let mut next = Some(first);
            while let Some(order) = next {
                match order {
                    Order::Write(batch) => {
                        let jobs = jobs_of(&batch);
                        if !gathered.has_room(batch.len(), jobs) {
                            self.write(&mut gathered);
                        }
                        gathered.take_in(batch, jobs);
                    }
                    Order::Load(generation) => {
                        self.write(&mut gathered);
                        let yard = guarded(|| self.writer.load());
                        (self.on_done)(Written::Loaded { generation, yard });
                    }
                }
                next = waiting.try_recv().ok();
            }
            self.write(&mut gathered);
        }
    }

    fn write(&mut self, gathered: &mut Gathered) {
        if gathered.ops.is_empty() {
            return;
        }
        match self.commit(&mut gathered.tickets, &gathered.ops) {
            Ok(()) => {
                gathered.ops.clear();
                gathered.jobs = 0;
            }
            Err(error) => {
                let ops = gathered.take_back();
                self.after_failure(ops, error);
            }
        }
    }

    /// One transaction. On success the tickets are used up and the results are told.
    fn commit(&mut self, tickets: &mut Vec<Ticket>, ops: &[WriteOp]) -> Result<(), StoreError> {
        let now_ms = (self.clock)();
        let mut done = guarded(|| self.writer.apply(ops, now_ms))?;
        let size = ops.len() as u64;
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.counters.ops.fetch_add(size, Ordering::Relaxed);
        self.counters.largest_batch.fetch_max(size, Ordering::Relaxed);
        let results = tickets.drain(..).zip(std::mem::take(&mut done.results)).collect();
        let Committed { commit, limits, outside, .. } = done;
        (self.on_done)(Written::Committed { commit, results, limits, outside });
        Ok(())
    }

    /// One bad operation must not take others with it, so each gets a transaction of its own. A store that
    /// is damaged, or whose disk fails, would refuse them all: they are given back at once.
    fn after_failure(&mut self, ops: Vec<(Ticket, WriteOp)>, error: StoreError) {
        if ops.len() == 1 || !error.is_about_an_op() {
            return self.give_back(ops, error);
        }
        let mut rest = ops.into_iter();
        while let Some((ticket, op)) = rest.next() {
            let ops = [op];
            let Err(error) = self.commit(&mut vec![ticket], &ops) else { continue };
            let [op] = ops;
            let mut failed = vec![(ticket, op)];
            if !error.is_about_an_op() {
                failed.extend(rest.by_ref());
            }
            self.give_back(failed, error);
        }
    }

    fn give_back(&mut self, ops: Vec<(Ticket, WriteOp)>, error: StoreError) {
        self.counters.failed_ops.fetch_add(ops.len() as u64, Ordering::Relaxed);
        (self.on_done)(Written::Failed { ops, error });
    }
}

/// How many jobs a batch concerns at most.
fn jobs_of(batch: &[(Ticket, WriteOp)]) -> usize {
    batch
        .iter()
        .map(|(_, op)| match op {
            WriteOp::Insert { jobs, .. } => jobs.len(),
            WriteOp::Claim { limit, .. }
            | WriteOp::Clear { limit, .. }
            | WriteOp::Promote { limit }
            | WriteOp::Resolve { limit }
            | WriteOp::StepOperation { limit, .. }
            | WriteOp::Tidy { limit, .. } => *limit as usize,
            WriteOp::Progress { reports } => reports.len(),
            WriteOp::Log { lines } => lines.len(),
            _ => 1,
        })
        .sum()
}
