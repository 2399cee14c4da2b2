//! Forgetting what is of no use any more, a bounded piece at a time.

use rusqlite::params;
use taskyard_shared::limits::IDEMPOTENCY_MS;

use super::transaction::Transaction;

pub(super) const OLD_ANSWERS: &str = "DELETE FROM idempotency WHERE key IN \
     (SELECT key FROM idempotency INDEXED BY idempotency_by_age WHERE created_at_ms <= ?1 LIMIT ?2)";
pub(super) const IDLE_METERS: &str = "DELETE FROM meter WHERE id IN (SELECT id FROM meter INDEXED BY meter_idle \
     WHERE running = 0 AND held = 0 AND arrival_us <= ?1 LIMIT ?2)";
pub(super) const EMPTY_BATCHES: &str = "DELETE FROM batch WHERE id IN \
     (SELECT id FROM batch INDEXED BY batch_empty WHERE is_empty = 1 LIMIT ?1)";

impl Transaction<'_> {
    /// Answers whether there may be more to forget. (Unique keys go with their jobs.)
    pub fn tidy(&mut self, limit: u32, free_pages: u32) -> rusqlite::Result<bool> {
        self.flush_meters()?;
        let answers = self.prepared(OLD_ANSWERS)?.execute(params![self.now_ms - IDEMPOTENCY_MS, limit])?;
        let meters = self.prepared(IDLE_METERS)?.execute(params![self.now_ms * 1_000, limit])?;
        let batches = self.prepared(EMPTY_BATCHES)?.execute([limit])?;
        self.changed |= answers + meters + batches > 0;
        let has_pages = self.give_back_pages(free_pages)?;
        Ok(has_pages || [answers, meters, batches].contains(&(limit as usize)))
    }

    /// Cuts up to so many unused pages off the file, and answers whether there are more. (Given 0, SQLite would cut
    /// off all of them.)
    fn give_back_pages(&self, most: u32) -> rusqlite::Result<bool> {
        if most == 0 {
            return Ok(false);
        }
        self.conn.pragma(None, "incremental_vacuum", most, |_| Ok(()))?;
        let left: u64 = self.conn.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
        Ok(left > 0)
    }
}
