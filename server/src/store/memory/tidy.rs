//! What nobody will ask for any more, and what a process that died leaves behind.

use std::sync::Arc;

use taskyard_shared::batch::BatchId;

use super::job::StoredJob;
use super::yard::Yard;
use crate::store::transition;

impl Yard {
    /// Whether there may be more of something. A unique key is forgotten with its job.
    pub fn tidy(&mut self, limit: usize, now_ms: i64) -> bool {
        let forgotten = [
            self.answers.forget_old(limit, now_ms),
            self.meters.forget_idle(limit, now_ms),
            self.forget_empty_batches(limit),
        ];
        self.changed |= forgotten.iter().any(|count| *count > 0);
        forgotten.contains(&limit)
    }

    fn forget_empty_batches(&mut self, limit: usize) -> usize {
        let empty = self.lists.batches.values().filter(|batch| batch.counts.total() == 0);
        let empty: Vec<BatchId> = empty.take(limit).map(|batch| batch.id).collect();
        for id in &empty {
            self.lists.batches.remove(id);
        }
        empty.len()
    }

    pub fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> u64 {
        let lost = self.processing();
        for id in &lost {
            self.update(*id, |job: &mut StoredJob| {
                let losses = job.attempt_lost(now_ms);
                let row = Arc::make_mut(&mut job.row);
                if let Some(error) = transition::lose(row, losses, max_losses, now_ms) {
                    job.error = Some(error);
                }
            });
        }
        self.changed |= !self.uses.is_empty();
        self.uses.clear();
        self.meters.restart();
        lost.len() as u64
    }
}
