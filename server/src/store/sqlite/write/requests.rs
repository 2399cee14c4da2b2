//! Requests that may be repeated: the answer to each is kept for a while under the key that it came with.

use rusqlite::params;
use taskyard_shared::batch::BatchId;
use taskyard_shared::command::AddOutcome;

use super::super::rows::to_json;
use super::transaction::Transaction;
use crate::store::ops::IdempotencyKey;

impl Transaction<'_> {
    /// Keeps the answer, if anything came of the request; what was answered before is read by
    /// [`remembered`](super::super::read::answer::remembered).
    pub fn remember(
        &mut self,
        idempotency: &IdempotencyKey,
        batch: Option<BatchId>,
        answer: Option<Vec<AddOutcome>>,
    ) -> rusqlite::Result<()> {
        let Some(answer) = answer else { return Ok(()) };
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
