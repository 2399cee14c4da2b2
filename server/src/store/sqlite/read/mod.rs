//! Reading: a few connections that cannot write, shared by all who ask.

pub(super) mod answer;
mod batch;
mod detail;
mod ended;
mod list;
mod log;
mod pool;
mod waiting;
pub(super) mod walk;

use std::sync::Arc;

use rusqlite::Connection;
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobSummary};
use taskyard_shared::queue::StateCounts;
use taskyard_shared::view::JobsQuery;

use super::failure::explain;
use super::open::Home;
use super::rows::{counts, unknown_code};
use crate::store::{
    CommitSeq, EndedJob, IdempotencyKey, InsertResult, JobsPage, LogPage, StoreError, StoreReader,
    WaitingFacts,
};
use pool::Pool;

pub(super) struct SqliteReader {
    pool: Pool,
    home: Arc<Home>,
}

impl SqliteReader {
    pub fn new(home: Arc<Home>) -> Self {
        SqliteReader { pool: Pool::new(), home }
    }

    /// Runs `read` on one snapshot of what is committed.
    fn snapshot<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.try_snapshot(read).map_err(|error| explain(&error, &self.home.file))
    }

    fn try_snapshot<T>(
        &self,
        read: impl FnOnce(&Snapshot<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let conn = self.pool.borrow(&self.home.file)?;
        // Ends when it is dropped; there is nothing to commit.
        let tx = conn.unchecked_transaction()?;
        read(&Snapshot::begin(&tx)?)
    }
}

impl StoreReader for SqliteReader {
    fn list(&self, query: &JobsQuery) -> Result<JobsPage, StoreError> {
        self.snapshot(|snapshot| snapshot.list(query))
    }

    fn job(&self, id: JobId) -> Result<Option<JobDetail>, StoreError> {
        self.snapshot(|snapshot| snapshot.detail(id))
    }

    fn artifact(&self, id: JobId, name: &str) -> Result<Option<FileRef>, StoreError> {
        self.snapshot(|snapshot| snapshot.artifact(id, name))
    }

    fn unreferenced(&self, sha256: &[String]) -> Result<Vec<String>, StoreError> {
        self.snapshot(|snapshot| snapshot.unreferenced(sha256))
    }

    fn log(&self, id: JobId, attempt: Option<u32>, limit: u32) -> Result<LogPage, StoreError> {
        self.snapshot(|snapshot| snapshot.log(id, attempt, limit))
    }

    fn ended(&self, after: EndedJob, limit: u32) -> Result<Vec<Arc<JobSummary>>, StoreError> {
        self.snapshot(|snapshot| snapshot.ended(after, limit))
    }

    fn answered(&self, key: &IdempotencyKey, now_ms: i64) -> Result<Option<InsertResult>, StoreError> {
        self.snapshot(|snapshot| answer::remembered(snapshot.conn, key, now_ms))
    }

    fn batch(&self, id: BatchId) -> Result<Option<BatchStatus>, StoreError> {
        self.snapshot(|snapshot| snapshot.batch(id))
    }

    fn waiting_facts(&self, id: JobId) -> Result<Option<WaitingFacts>, StoreError> {
        self.snapshot(|snapshot| snapshot.waiting_facts(id))
    }
}

/// The data as one commit left it.
pub(super) struct Snapshot<'c> {
    pub conn: &'c Connection,
    pub as_of: CommitSeq,
    /// By their numbers, which count up from 1 without gaps.
    pub queues: Vec<(String, StateCounts)>,
}

impl<'c> Snapshot<'c> {
    fn begin(conn: &'c Connection) -> rusqlite::Result<Self> {
        // The first read fixes the snapshot.
        let as_of = conn
            .prepare_cached("SELECT commit_seq FROM yard")?
            .query_row([], |row| row.get(0).map(CommitSeq))?;
        let queues = conn
            .prepare_cached(
                "SELECT name, pending, processing, completed, failed, cancelled, scheduled, waiting \
                 FROM queue ORDER BY id",
            )?
            .query_map([], |row| Ok((row.get(0)?, counts(row, 1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Snapshot { conn, as_of, queues })
    }

    fn queue_name(&self, id: i64) -> rusqlite::Result<&str> {
        usize::try_from(id - 1)
            .ok()
            .and_then(|place| self.queues.get(place))
            .map(|(name, _)| name.as_str())
            .ok_or_else(|| unknown_code(id))
    }
}

/// Every statement that reads, for the test of their plans.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    walk::ROWS_BACK,
    walk::ROWS_ON,
    walk::SKIP_BACK,
    walk::SKIP_ON,
    walk::IDS_BACK,
    walk::IDS_ON,
    walk::BATCH_BACK,
    walk::BATCH_ON,
    answer::ANSWER,
    batch::BATCH,
    batch::COUNTS,
    ended::ENDED,
    ended::WANTED,
    log::NEWEST,
    waiting::FACTS,
    waiting::UNMET,
    waiting::UNMET_COUNT,
    waiting::HIGHER,
    waiting::EARLIER,
    waiting::METER,
    detail::DETAIL,
    detail::AFTER,
    detail::BEFORE,
    detail::ATTEMPTS,
    detail::ARTIFACT,
    detail::IN_USE,
    detail::IN_A_SCHEDULE,
    super::rows::FILES,
    super::rows::ROW,
    super::rows::NEXT_PRIORITY,
];
