//! What others do to the same file: jobs added within transactions that somebody else began, and how the writer learns
//! of them.
//!
//! Each job that is added or replaced like that counts as a commit of its own, so the number of the latest commit in
//! the file tells the writer, at the beginning of its next transaction, that what it remembers is behind. SQLite has
//! one writer at a time: between that look and its own commit nothing can change.

use std::sync::Arc;

use rusqlite::Connection;
use taskyard_shared::limits::MAX_QUEUES;

use super::super::rows::job_columns;
use super::queues::Standing;
use super::transaction::{Transaction, read_row};
use crate::store::CommitSeq;
use crate::store::ops::{InsertOutcome, JobInsert, MAX_OUTSIDE_JOBS, Outside, OutsideRefusal};

pub(super) const ADDED: &str =
    concat!("SELECT ", job_columns!(), ", flags, held_by FROM job WHERE id > ?1 ORDER BY id LIMIT ?2");

/// Up to where somebody has been told what is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    seq: CommitSeq,
    last_job_id: u64,
}

impl Told {
    pub fn of(standing: &Standing) -> Told {
        Told { seq: standing.seq, last_job_id: standing.last_job_id }
    }
}

impl Transaction<'_> {
    /// What others have committed since `told`.
    pub fn outside(&self, told: Told) -> rusqlite::Result<Option<Box<Outside>>> {
        let standing = &self.standing;
        if standing.seq == told.seq {
            return Ok(None);
        }
        let commits = standing.seq.0.saturating_sub(told.seq.0);
        let added = standing.last_job_id.saturating_sub(told.last_job_id);
        // Fewer jobs than commits: some replaced a job that was there.
        let jobs = if commits == added && added <= MAX_OUTSIDE_JOBS {
            let mut select = self.prepared(ADDED)?;
            let rows = select
                .query_map([told.last_job_id, MAX_OUTSIDE_JOBS], |row| read_row(row, standing))?
                .map(|row| row.map(|row| Arc::new(row.job)));
            Some(rows.collect::<rusqlite::Result<_>>()?)
        } else {
            None
        };
        Ok(Some(Box::new(Outside {
            commit: standing.seq,
            queues: standing.stored_queues(),
            limits: standing.limits.statuses(),
            jobs,
            due_at_ms: self.next_due_at_ms()?,
            unresolved: self.has_unresolved()?,
        })))
    }
}

/// Stores a job within the transaction that `conn` is in, as the writer would. It is there when that transaction is
/// committed, and leaves nothing when it fails or is rolled back.
pub(crate) fn insert_within(
    conn: &Connection,
    job: JobInsert,
    now_ms: i64,
) -> rusqlite::Result<Result<InsertOutcome, OutsideRefusal>> {
    conn.execute_batch("SAVEPOINT taskyard")?;
    let done = insert(conn, job, now_ms);
    // Also after a refusal: it has changed nothing.
    let end = if done.is_ok() { "RELEASE taskyard" } else { "ROLLBACK TO taskyard; RELEASE taskyard" };
    // After some errors, such as a full disk, SQLite has rolled back everything, and there is nothing to end.
    if done.is_ok() || !conn.is_autocommit() {
        conn.execute_batch(end)?;
    }
    done
}

fn insert(
    conn: &Connection,
    mut job: JobInsert,
    now_ms: i64,
) -> rusqlite::Result<Result<InsertOutcome, OutsideRefusal>> {
    let mut tx = Transaction::within(conn, Standing::read(conn)?, now_ms);
    match tx.standing.settings(&job.queue) {
        Some(settings) if settings.draining => {
            return Ok(Err(OutsideRefusal::QueueDraining(job.queue.to_string())));
        }
        Some(settings) => settings.complete(&mut job),
        None if tx.standing.all().len() >= MAX_QUEUES => return Ok(Err(OutsideRefusal::TooManyQueues)),
        None => {}
    }
    let outcome = tx.insert_alone(&job)?;
    tx.write_within()?;
    Ok(Ok(outcome))
}
