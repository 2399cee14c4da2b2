//! A transaction: it begins, gathers how the counts change, and writes them once at its end.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use taskyard_shared::job::{JobId, JobOptions, JobState, JobSummary};

use super::super::rows::{self, Flags, HELD_BACK, JOB_COLUMNS, job_columns, state_code};
use super::meters::Meters;
use super::queues::Standing;

pub(super) struct Transaction<'c> {
    pub conn: &'c Connection,
    pub standing: Standing,
    /// Those that were used so far.
    pub meters: Meters,
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
    insert: Option<CachedStatement<'c>>,
    insert_args: Option<CachedStatement<'c>>,
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

const INSERT: &str = "INSERT INTO job (id, queue_id, state, progress, attempt, created_at_ms, has_inputs, kind, name, \
     detail, max_attempts, priority, batch_id, run_at_ms, flags) \
     VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const INSERT_ARGS: &str = "INSERT INTO job_args (job_id, args, options) VALUES (?1, ?2, ?3)";

/// A job's row as the writer sees it.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub job: JobSummary,
    pub queue: i64,
    pub flags: Flags,
    /// The meter that holds it back.
    pub held_by: Option<i64>,
}

pub(super) const ROW: &str = concat!("SELECT ", job_columns!(), ", flags, held_by FROM job WHERE id = ?1");
pub(super) const CHANGE: &str = "UPDATE job SET state = ?2, progress = ?3, attempt = ?4, started_at_ms = ?5, \
     finished_at_ms = ?6, error = ?7, failures = ?8, run_at_ms = ?9, held_by = ?10, flags = ?11 WHERE id = ?1";

pub(super) const MARK: &str = "UPDATE job SET flags = flags | ?2 WHERE id = ?1 AND flags & ?2 = 0";

impl<'c> Transaction<'c> {
    /// Begins one. `known` is how the yard stood at the end of the one before, if that is known.
    pub fn begin(conn: &'c Connection, known: Option<Standing>, now_ms: i64) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        match current(conn, known) {
            Ok(standing) => Ok(Transaction::within(conn, standing, now_ms)),
            Err(error) => {
                roll_back(conn);
                Err(error)
            }
        }
    }

    /// Goes on in a transaction that somebody else began, and will end.
    pub fn within(conn: &'c Connection, standing: Standing, now_ms: i64) -> Self {
        let (meters, hot) = (Meters::default(), Hot::default());
        Transaction { conn, standing, meters, now_ms, changed: false, hot }
    }

    /// Writes the counts, and a commit's number, without committing.
    pub fn write_within(mut self) -> rusqlite::Result<()> {
        self.write_standing()
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
        self.write_standing()?;
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }

    fn write_standing(&mut self) -> rusqlite::Result<()> {
        self.flush_meters()?;
        if self.changed {
            self.standing.seq.0 += 1;
            self.standing.write(self.conn)?;
        }
        Ok(())
    }

    pub fn roll_back(&self) {
        roll_back(self.conn);
    }

    pub fn prepared(&self, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
        self.conn.prepare_cached(sql)
    }

    /// A job's row.
    pub fn row(&mut self, id: JobId) -> rusqlite::Result<Option<Row>> {
        // A number that no job can have.
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        let standing = &self.standing;
        hot(&mut self.hot.row, self.conn, ROW)?.query_row([id], |row| read_row(row, standing)).optional()
    }

    pub fn insert_row(&mut self, new: &Row, has_inputs: bool) -> rusqlite::Result<()> {
        let Row { job, queue, flags, .. } = new;
        hot(&mut self.hot.insert, self.conn, INSERT)?.execute(params![
            job.id.0,
            queue,
            state_code(job.state),
            job.created_at_ms,
            has_inputs,
            job.kind,
            job.name,
            job.detail,
            job.max_attempts,
            job.priority,
            job.batch.map(|batch| batch.0),
            job.run_at_ms,
            flags.0,
        ])?;
        self.standing.counts(*queue)?[job.state] += 1;
        self.changed = true;
        Ok(())
    }

    pub fn insert_args(&mut self, id: JobId, args: &str, options: &JobOptions) -> rusqlite::Result<()> {
        let options = rows::options_text(options)?;
        hot(&mut self.hot.insert_args, self.conn, INSERT_ARGS)?.execute(params![id.0, args, options])?;
        Ok(())
    }

    /// A job's row, to be changed. That of a job at work is mostly known.
    pub fn row_at_work(&mut self, id: JobId) -> rusqlite::Result<Option<Row>> {
        let Some(known) = self.standing.at_work.take(id) else { return self.row(id) };
        debug_assert_eq!(
            self.row(id)?.as_ref(),
            Some(&known),
            "the row of a job at work has changed unnoticed"
        );
        Ok(Some(known))
    }

    /// Sets a flag of a job, if it exists.
    pub fn mark(&mut self, id: JobId, flag: i64) -> rusqlite::Result<()> {
        self.standing.at_work.forget(id);
        self.prepared(MARK)?.execute(params![id.0, flag])?;
        Ok(())
    }

    /// Writes what can change in a row, and counts the job in its new state. One that a meter held back leaves it
    /// unless it is still pending.
    pub fn change(&mut self, row: &mut Row, from: JobState) -> rusqlite::Result<()> {
        self.standing.at_work.forget(row.job.id);
        if row.job.state != JobState::Pending {
            self.leave_meter(row)?;
        }
        if row.flags.has(Flags::TAKES_RESULTS) {
            let change = i64::from(from.is_finished()) - i64::from(row.job.state.is_finished());
            if change != 0 {
                self.want_results(row.job.id, change)?;
            }
        }
        let Row { job, queue, flags, held_by } = &*row;
        hot(&mut self.hot.change, self.conn, CHANGE)?.execute(params![
            job.id.0,
            if held_by.is_some() { HELD_BACK } else { state_code(job.state) },
            job.progress.thousandths(),
            job.attempt,
            job.started_at_ms,
            job.finished_at_ms,
            job.error,
            job.failures,
            job.run_at_ms,
            held_by,
            flags.0,
        ])?;
        let counts = self.standing.counts(*queue)?;
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

/// How the yard stands. Read anew inside the transaction when others have committed meanwhile.
fn current(conn: &Connection, known: Option<Standing>) -> rusqlite::Result<Standing> {
    match known {
        Some(standing) if standing.is_current(conn)? => Ok(standing),
        _ => Standing::read(conn),
    }
}

fn roll_back(conn: &Connection) {
    // SQLite has done so itself after some errors; and should this fail, the next transaction tries again.
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
}

/// A row of [`ROW`]: the flags and the meter follow the job's columns.
pub(super) fn read_row(row: &rusqlite::Row<'_>, standing: &Standing) -> rusqlite::Result<Row> {
    let queue = rows::queue_id(row)?;
    Ok(Row {
        job: rows::summary(row, standing.name(queue)?)?,
        queue,
        flags: Flags(row.get(JOB_COLUMNS)?),
        held_by: row.get(JOB_COLUMNS + 1)?,
    })
}
