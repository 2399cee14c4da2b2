//! What requests that may be repeated were answered.

use rusqlite::{Connection, OptionalExtension, params};
use taskyard_shared::batch::BatchId;
use taskyard_shared::limits::IDEMPOTENCY_MS;

use super::super::rows::from_json;
use crate::store::ops::{IdempotencyKey, InsertResult};

pub(in super::super) const ANSWER: &str =
    "SELECT fingerprint, batch_id, answer FROM idempotency WHERE key = ?1 AND created_at_ms > ?2";

/// The answer to the request that had the key, while that is kept.
pub(in super::super) fn remembered(
    conn: &Connection,
    idempotency: &IdempotencyKey,
    now_ms: i64,
) -> rusqlite::Result<Option<InsertResult>> {
    let found = conn
        .prepare_cached(ANSWER)?
        .query_row(params![idempotency.key, now_ms - IDEMPOTENCY_MS], |row| {
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
