//! A transaction: it begins, gathers how the counts change, and writes them once at its end.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use taskyard_shared::job::{JobId, JobState, JobSummary};

use super::super::rows::{self, ROW, state_code};
use super::queues::Standing;

pub(super) struct Transaction<'c> {
    pub conn: &'c Connection,
    pub standing: Standing,
    pub now_ms: i64,
    /// Whether anything changed, so that there is something to commit.
    pub changed: bool,
    hot: Hot<'c>,
}

/// The statements that a batch runs once for each job, looked up once for the batch.
#[derive(Default)]
struct Hot<'c> {
    row: Option<CachedStatement<'c>>,
    change: Option<CachedStatement<'c>>,
}

/// The statement in its slot, prepared at its first use.
fn hot<'s, 'c>(
    slot: &'s mut Option<CachedStatement<'c>>,
    conn: &'c Connection,
    sql: &str,
) -> rusqlite::Result<&'s mut CachedStatement<'c>> {
    Ok(match slot {
        Some(statement) => statement,
        None => slot.insert(conn.prepare_cached(sql)?),
    })
}

pub(super) const CHANGE: &str = "UPDATE job SET state = ?2, progress = ?3, attempt = ?4, started_at_ms = ?5, \
                      finished_at_ms = ?6, error = ?7 WHERE id = ?1";

impl<'c> Transaction<'c> {
    pub fn begin(conn: &'c Connection, standing: Standing, now_ms: i64) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Transaction { conn, standing, now_ms, changed: false, hot: Hot::default() })
    }

    /// Writes the counts and the commit's number, and commits. What was written is on the disk then.
    pub fn commit(mut self) -> rusqlite::Result<Standing> {
        let written = self.finish_up();
        if written.is_err() {
            self.roll_back();
        }
        written.map(|()| self.standing)
    }

    fn finish_up(&mut self) -> rusqlite::Result<()> {
        if self.changed {
            self.standing.seq.0 += 1;
            self.standing.write(self.conn)?;
        }
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    pub fn roll_back(&self) {
        // SQLite has done so itself after some errors; and should this fail, the next transaction tries again.
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    pub fn prepared(&self, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
        self.conn.prepare_cached(sql)
    }

    /// A job's row, and the number of its queue.
    pub fn row(&mut self, id: JobId) -> rusqlite::Result<Option<(JobSummary, i64)>> {
        // A number that no job can have.
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        let standing = &self.standing;
        hot(&mut self.hot.row, self.conn, ROW)?
            .query_row([id], |row| {
                let queue = rows::queue_id(row)?;
                Ok((rows::summary(row, standing.name(queue)?)?, queue))
            })
            .optional()
    }

    /// Writes what can change in a row, and counts the job in its new state.
    pub fn change(&mut self, job: &JobSummary, queue: i64, from: JobState) -> rusqlite::Result<()> {
        hot(&mut self.hot.change, self.conn, CHANGE)?.execute(params![
            job.id.0,
            state_code(job.state),
            job.progress.thousandths(),
            job.attempt,
            job.started_at_ms,
            job.finished_at_ms,
            job.error,
        ])?;
        let counts = self.standing.counts(queue)?;
        counts[from] -= 1;
        counts[job.state] += 1;
        self.changed = true;
        Ok(())
    }

    /// The number and name of a queue, if it exists.
    pub fn known_queue(&self, name: &str) -> Option<(i64, Arc<str>)> {
        self.standing.find(name)
    }
}
