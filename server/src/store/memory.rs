//! The store in memory: the same rules as every other store, and nothing on a disk. For simulation and
//! tests; what it holds is gone with the process.

mod answers;
mod apply;
mod claim;
mod clear;
mod dependencies;
mod edges;
mod facts;
mod insert;
mod job;
mod lists;
mod meters;
mod operations;
mod outcome;
mod promote;
mod reader;
mod schedules;
mod tidy;
mod yard;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::ops::{Committed, StoredYard, WriteOp};
use super::{Store, StoreError, StoreReader, StoreWriter};
use yard::Yard;

/// A store that forgets. Clones share what they hold.
#[derive(Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    yard: RwLock<Yard>,
    writer_taken: AtomicBool,
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Yard> {
        self.yard.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Yard) -> T) -> T {
        change(&mut self.yard.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError> {
        if self.shared.writer_taken.swap(true, Ordering::AcqRel) {
            return Err(StoreError::WriterTaken);
        }
        Ok(Box::new(Writer { shared: Arc::clone(&self.shared) }))
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        Arc::new(reader::Reader { shared: Arc::clone(&self.shared) })
    }

    fn durability(&self) -> String {
        "memory: nothing survives the process".to_owned()
    }
}

struct Writer {
    shared: Arc<Shared>,
}

impl StoreWriter for Writer {
    fn apply(&mut self, ops: &[WriteOp], now_ms: i64) -> Result<Committed, StoreError> {
        // Whatever can be refused is refused here, before anything has changed.
        apply::check(ops)?;
        Ok(self.shared.write(|yard| {
            let results = ops.iter().map(|op| yard.apply(op, now_ms)).collect();
            Committed { commit: yard.commit(now_ms), results, limits: yard.meters.tell(), outside: None }
        }))
    }

    fn load(&mut self) -> Result<StoredYard, StoreError> {
        Ok(self.shared.read().stored())
    }

    fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> Result<u64, StoreError> {
        Ok(self.shared.write(|yard| {
            let lost = yard.recover_lost(max_losses, now_ms);
            yard.commit(now_ms);
            lost
        }))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.writer_taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
