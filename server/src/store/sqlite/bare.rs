//! The row work of the store, bare: the least that must be written for a job to be added, claimed and completed on this
//! schema, in one thread, with neither queue nor decisions nor events around it. `taskyard bench limit` measures it, so
//! that the speed of the whole can be told as a share of it.
//!
//! It lies here because the schema is this folder's own; a server never uses it.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::queue::StateCounts;

use super::failure::explain;
use super::open::{self, Opened};
use super::rows::state_code;
use crate::store::StoreError;

const INSERT: &str = "INSERT INTO job (id, queue_id, state, progress, attempt, created_at_ms, has_inputs, kind, name, \
     detail) VALUES (?1, ?2, ?3, 0, 0, ?4, 0, ?5, ?5, '')";
const INSERT_ARGS: &str = "INSERT INTO job_args (job_id, args) VALUES (?1, ?2)";
/// With what a worker needs.
const FIRST: &str = "SELECT id, kind, args, options FROM job INDEXED BY job_by_state \
     CROSS JOIN job_args ON job_id = id WHERE queue_id = ?1 AND state = ?2 ORDER BY priority DESC, id LIMIT ?3";
const START: &str = "UPDATE job SET state = ?2, attempt = 1, started_at_ms = ?3 WHERE id = ?1";
const COMPLETE: &str = "UPDATE job SET state = ?2, progress = 1000, finished_at_ms = ?3 WHERE id = ?1";
const COUNT: &str = "UPDATE queue SET pending = ?2, processing = ?3, completed = ?4 WHERE id = ?1";
const NUMBER: &str = "UPDATE yard SET commit_seq = commit_seq + 1, last_job_id = ?1 WHERE only_row = 1";

/// For the test of the plans.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[FIRST, START, COMPLETE, COUNT, NUMBER];

/// A data folder of its own, with one queue in it. After an error it is of no more use.
pub struct BareRows {
    opened: Opened,
    queue: i64,
    counts: StateCounts,
    last_job: u64,
    /// Claimed by the step before.
    at_work: Vec<JobId>,
}

impl BareRows {
    /// Opens the folder just as [`super::SqliteStore::open`] does, with the same schema and durability, and makes a
    /// paused queue in it.
    ///
    /// # Errors
    /// As [`super::SqliteStore::open`]; or the folder has such a queue already.
    pub fn open(data_dir: &Path, queue: &str) -> Result<BareRows, StoreError> {
        let opened = open::prepare(data_dir, open::CHECKED_UP_TO_BYTES)?;
        opened
            .conn
            .execute("INSERT INTO queue (name, concurrency, paused) VALUES (?1, 1, 1)", [queue])
            .map_err(|error| explain(&error, &opened.home.file))?;
        let queue = opened.conn.last_insert_rowid();
        Ok(BareRows { opened, queue, counts: StateCounts::default(), last_job: 0, at_work: Vec::new() })
    }

    /// What the database reports, as [`crate::store::Store::durability`] tells it.
    pub fn durability(&self) -> &str {
        &self.opened.durability
    }

    /// Adds `jobs` jobs in one transaction, all with the same arguments.
    ///
    /// # Errors
    /// The transaction failed, and nothing was added.
    pub fn add(&mut self, jobs: u32, kind: &str, args: &str, now_ms: i64) -> Result<(), StoreError> {
        let counts = StateCounts { pending: self.counts.pending + u64::from(jobs), ..self.counts };
        let (queue, first, last) = (self.queue, self.last_job + 1, self.last_job + u64::from(jobs));
        self.transact(|tx| {
            let mut insert = tx.prepare_cached(INSERT)?;
            let mut insert_args = tx.prepare_cached(INSERT_ARGS)?;
            let pending = state_code(JobState::Pending);
            for id in first..=last {
                insert.execute(params![id, queue, pending, now_ms, kind])?;
                insert_args.execute(params![id, args])?;
            }
            count(tx, queue, &counts, last)
        })?;
        (self.counts, self.last_job) = (counts, last);
        Ok(())
    }

    /// One transaction: completes what the step before claimed, and claims up to `jobs` more, as a store must that
    /// commits a claim before the work starts. Answers how many are at work then.
    ///
    /// # Errors
    /// The transaction failed, and nothing has changed.
    pub fn step(&mut self, jobs: u32, now_ms: i64) -> Result<usize, StoreError> {
        let done = std::mem::take(&mut self.at_work);
        let (queue, last, mut counts) = (self.queue, self.last_job, self.counts);
        let claimed = self.transact(|tx| {
            let mut complete = tx.prepare_cached(COMPLETE)?;
            for id in &done {
                complete.execute(params![id.0, state_code(JobState::Completed), now_ms])?;
            }
            let claimed = claim(tx, queue, jobs, now_ms)?;
            counts.completed += done.len() as u64;
            counts.pending -= claimed.len() as u64;
            counts.processing = claimed.len() as u64;
            count(tx, queue, &counts, last)?;
            Ok(claimed)
        })?;
        (self.counts, self.at_work) = (counts, claimed);
        Ok(self.at_work.len())
    }

    fn transact<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let Opened { conn, home, .. } = &mut self.opened;
        committed(conn, work).map_err(|error| explain(&error, &home.file))
    }
}

fn committed<T>(
    conn: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let answer = work(&tx)?;
    tx.commit()?;
    Ok(answer)
}

fn claim(tx: &Transaction<'_>, queue: i64, jobs: u32, now_ms: i64) -> rusqlite::Result<Vec<JobId>> {
    let mut first = tx.prepare_cached(FIRST)?;
    let mut found = first.query(params![queue, state_code(JobState::Pending), jobs])?;
    let mut claimed = Vec::with_capacity(jobs as usize);
    while let Some(row) = found.next()? {
        // A worker would be given these; reading them is part of the work.
        let (_kind, _args): (String, String) = (row.get(1)?, row.get(2)?);
        let _options: Option<String> = row.get(3)?;
        claimed.push(JobId(row.get(0)?));
    }
    let mut start = tx.prepare_cached(START)?;
    for id in &claimed {
        start.execute(params![id.0, state_code(JobState::Processing), now_ms])?;
    }
    Ok(claimed)
}

fn count(tx: &Transaction<'_>, queue: i64, counts: &StateCounts, last_job: u64) -> rusqlite::Result<()> {
    tx.prepare_cached(COUNT)?.execute(params![queue, counts.pending, counts.processing, counts.completed])?;
    tx.prepare_cached(NUMBER)?.execute([last_job])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{SqliteStore, Store};

    #[test]
    fn the_store_finds_what_the_bare_rows_say() {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = BareRows::open(folder.path(), "bare").unwrap();
        rows.add(3, "noop", "{}", 1).unwrap();
        rows.add(2, "noop", "{}", 2).unwrap();
        assert_eq!(rows.step(4, 3).unwrap(), 4);
        assert_eq!(rows.step(4, 4).unwrap(), 1);
        let durability = rows.durability().to_owned();
        drop(rows);
        let store = SqliteStore::open(folder.path()).unwrap();
        assert_eq!(store.durability(), durability);
        let yard = store.writer().unwrap().load().unwrap();
        let expected = StateCounts { processing: 1, completed: 4, ..StateCounts::default() };
        assert_eq!((yard.queues[0].counts, yard.processing.len()), (expected, 1));
        assert_eq!(yard.processing[0].job.id, JobId(5));
    }

    #[test]
    fn a_folder_with_such_a_queue_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(BareRows::open(folder.path(), "bare").unwrap());
        assert!(matches!(BareRows::open(folder.path(), "bare"), Err(StoreError::Refused(_))));
    }
}
