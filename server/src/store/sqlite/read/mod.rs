//! Reading: a few connections that cannot write, shared by all who ask.

mod detail;
mod list;
mod pool;
mod walk;

use std::sync::Arc;

use rusqlite::Connection;
use taskyard_shared::job::{FileRef, JobDetail, JobId};
use taskyard_shared::queue::StateCounts;
use taskyard_shared::view::JobsQuery;

use super::failure::explain;
use super::open::Home;
use super::rows::unknown_code;
use crate::store::{CommitSeq, JobsPage, StoreError, StoreReader};
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
}

/// The data as one commit left it.
struct Snapshot<'c> {
    conn: &'c Connection,
    as_of: CommitSeq,
    /// By their numbers, which count up from 1 without gaps.
    queues: Vec<(String, StateCounts)>,
}

impl<'c> Snapshot<'c> {
    fn begin(conn: &'c Connection) -> rusqlite::Result<Self> {
        // The first read fixes the snapshot.
        let as_of = conn
            .prepare_cached("SELECT commit_seq FROM yard")?
            .query_row([], |row| row.get(0).map(CommitSeq))?;
        let queues = conn
            .prepare_cached(
                "SELECT name, pending, processing, completed, failed, cancelled FROM queue ORDER BY id",
            )?
            .query_map([], |row| {
                let counts = StateCounts {
                    pending: row.get(1)?,
                    processing: row.get(2)?,
                    completed: row.get(3)?,
                    failed: row.get(4)?,
                    cancelled: row.get(5)?,
                };
                Ok((row.get(0)?, counts))
            })?
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
    detail::DETAIL,
    detail::ATTEMPTS,
    detail::ARTIFACT,
    detail::IN_USE,
    super::rows::FILES,
    super::rows::ROW,
];
