//! How far a batch is.

use rusqlite::OptionalExtension;
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::queue::StateCounts;

use super::super::rows;
use super::Snapshot;

pub(super) const BATCH: &str = "SELECT name, created_at_ms FROM batch WHERE id = ?1";
pub(super) const COUNTS: &str = "SELECT state, count(*) FROM job INDEXED BY job_by_batch \
     WHERE batch_id = ?1 GROUP BY state";

impl Snapshot<'_> {
    pub fn batch(&self, id: BatchId) -> rusqlite::Result<Option<BatchStatus>> {
        // A number that no batch can have.
        let Ok(key) = i64::try_from(id.0) else { return Ok(None) };
        let found = self
            .conn
            .prepare_cached(BATCH)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((name, created_at_ms)) = found else { return Ok(None) };
        Ok(Some(BatchStatus { id, name, created_at_ms, counts: self.batch_counts(id)? }))
    }

    pub fn batch_counts(&self, id: BatchId) -> rusqlite::Result<StateCounts> {
        let mut counts = StateCounts::default();
        let Ok(id) = i64::try_from(id.0) else { return Ok(counts) };
        let mut select = self.conn.prepare_cached(COUNTS)?;
        let mut found = select.query([id])?;
        while let Some(row) = found.next()? {
            let jobs: u64 = row.get(1)?;
            counts[rows::state(row.get(0)?)?] += jobs;
        }
        Ok(counts)
    }
}
