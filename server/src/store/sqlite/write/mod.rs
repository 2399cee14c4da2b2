//! The connection that writes: one transaction for each batch.

mod claim;
mod clear;
mod insert;
mod outcome;
mod queues;
mod recovery;
mod transaction;

use std::sync::Arc;

use rusqlite::Connection;

use super::failure::explain;
use super::open::Home;
use crate::store::ops::{Committed, OpResult, StoredYard, WriteOp};
use crate::store::{CommitSeq, StoreError, StoreWriter};
use queues::Standing;
use transaction::Transaction;

pub(super) struct SqliteWriter {
    // Closed before `home` lets go of the folder.
    conn: Connection,
    home: Arc<Home>,
    /// As it is in the file. None after a failure: it is read anew then.
    standing: Option<Standing>,
}

impl Drop for SqliteWriter {
    /// Copies the write-ahead log into the data file, so that after a clean stop that file is the whole
    /// database. What a failure leaves in the log is read from there at the next start.
    fn drop(&mut self) {
        if let Err(error) = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log stays beside the data file");
        }
    }
}

impl SqliteWriter {
    pub fn new(conn: Connection, home: Arc<Home>) -> rusqlite::Result<Self> {
        let standing = Some(Standing::read(&conn)?);
        Ok(SqliteWriter { conn, home, standing })
    }

    /// Runs `work` in a transaction; what it changed is either all on the disk afterwards, or gone.
    fn transact<T>(
        &mut self,
        now_ms: i64,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<(T, CommitSeq), StoreError> {
        self.try_transact(now_ms, work).map_err(|error| explain(&error, &self.home.file))
    }

    fn try_transact<T>(
        &mut self,
        now_ms: i64,
        work: impl FnOnce(&mut Transaction<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<(T, CommitSeq)> {
        // Left over from a call that panicked.
        if !self.conn.is_autocommit() {
            self.conn.execute_batch("ROLLBACK")?;
        }
        // Taken out, so that it is read anew unless this comes to its good end.
        let standing = match self.standing.take() {
            Some(standing) => standing,
            None => Standing::read(&self.conn)?,
        };
        let mut tx = Transaction::begin(&self.conn, standing, now_ms)?;
        match work(&mut tx) {
            Ok(answer) => {
                let standing = tx.commit()?;
                let seq = standing.seq;
                self.standing = Some(standing);
                Ok((answer, seq))
            }
            Err(error) => {
                tx.roll_back();
                Err(error)
            }
        }
    }
}

impl StoreWriter for SqliteWriter {
    fn apply(&mut self, ops: &[WriteOp], now_ms: i64) -> Result<Committed, StoreError> {
        let (results, commit) = self.transact(now_ms, |tx| ops.iter().map(|op| tx.apply(op)).collect())?;
        Ok(Committed { commit, results })
    }

    fn load(&mut self) -> Result<StoredYard, StoreError> {
        let ((queues, processing), commit) =
            self.transact(0, |tx| Ok((tx.standing.stored_queues(), tx.all_processing()?)))?;
        Ok(StoredYard { queues, processing, commit })
    }

    fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> Result<u64, StoreError> {
        self.transact(now_ms, |tx| tx.recover_lost(max_losses)).map(|(lost, _)| lost)
    }
}

impl Transaction<'_> {
    fn apply(&mut self, op: &WriteOp) -> rusqlite::Result<OpResult> {
        Ok(match op {
            WriteOp::Insert { jobs } => OpResult::Inserted(self.insert(jobs)?),
            WriteOp::Claim { queue, limit } => OpResult::Claimed(self.claim(queue, *limit)?),
            WriteOp::Finish { id, attempt, end, artifacts } => {
                OpResult::Finished(self.finish(*id, *attempt, end, artifacts)?)
            }
            WriteOp::Progress { reports } => OpResult::Progressed(self.report(reports)?),
            WriteOp::Cancel { id } => OpResult::Cancelled(self.cancel(*id)?),
            WriteOp::Retry { id } => OpResult::Retried(self.retry(*id)?),
            WriteOp::Clear { queue, finished_by_ms, limit } => {
                self.clear(queue.as_deref(), *finished_by_ms, *limit)?
            }
            WriteOp::ConfigureQueue { queue, settings } => {
                self.configure(queue, settings)?;
                OpResult::QueueConfigured
            }
        })
    }
}

/// Every statement that looks for the rows it reads or changes, for the test of their plans.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    claim::IN_STATE,
    clear::FINISHED,
    clear::DELETES[0],
    clear::DELETES[1],
    clear::DELETES[2],
    clear::DELETES[3],
    clear::DELETES[4],
    outcome::REPORT,
    outcome::FORGET_ATTEMPTS,
    outcome::FULL_ERROR,
    recovery::LOSSES,
    transaction::CHANGE,
];
