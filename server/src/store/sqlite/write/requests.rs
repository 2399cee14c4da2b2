//! Requests that may be repeated: the answer to each is kept for a while under the key that it came with.

use rusqlite::{OptionalExtension, params};
use taskyard_shared::batch::BatchId;
use taskyard_shared::limits::IDEMPOTENCY_MS;

use super::super::rows::{from_json, to_json};
use super::transaction::Transaction;
use crate::store::insert_plan;
use crate::store::ops::{IdempotencyKey, InsertOutcome, InsertResult};

pub(super) const ANSWER: &str =
    "SELECT fingerprint, batch_id, answer FROM idempotency WHERE key = ?1 AND created_at_ms > ?2";

impl Transaction<'_> {
    /// The answer to the request that had the key, while that is kept.
    pub fn remembered(&self, idempotency: &IdempotencyKey) -> rusqlite::Result<Option<InsertResult>> {
        let found = self
            .prepared(ANSWER)?
            .query_row(params![idempotency.key, self.now_ms - IDEMPOTENCY_MS], |row| {
                let fingerprint: String = row.get(0)?;
                let (batch, answer): (Option<u64>, String) = (row.get(1)?, row.get(2)?);
                Ok((fingerprint, batch, answer))
            })
            .optional()?;
        let Some((fingerprint, batch, answer)) = found else { return Ok(None) };
        if fingerprint != idempotency.fingerprint {
            return Ok(Some(InsertResult::KeyReused));
        }
        Ok(Some(InsertResult::Replayed { batch: batch.map(BatchId), outcomes: from_json(&answer)? }))
    }

    /// Keeps the answer, if anything came of the request.
    pub fn remember(
        &mut self,
        idempotency: &IdempotencyKey,
        batch: Option<BatchId>,
        outcomes: &[InsertOutcome],
    ) -> rusqlite::Result<()> {
        let Some(answer) = insert_plan::remembered(outcomes) else { return Ok(()) };
        self.prepared(
            "INSERT OR REPLACE INTO idempotency (key, fingerprint, batch_id, answer, created_at_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            idempotency.key,
            idempotency.fingerprint,
            batch.map(|batch| batch.0),
            to_json(&answer)?,
            self.now_ms
        ])?;
        self.changed = true;
        Ok(())
    }
}
