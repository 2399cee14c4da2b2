//! The connection that writes: one transaction for each batch.

mod apply;
mod at_work;
mod claim;
mod clear;
mod dependencies;
mod insert;
mod limits;
mod log;
mod meters;
mod operations;
mod outcome;
mod outside;
mod promote;
mod queues;
mod recovery;
mod requests;
mod schedules;
mod tidy;
mod transaction;

use std::sync::Arc;

use rusqlite::Connection;

use super::failure::explain;
use super::open::Home;
use crate::store::ops::{Committed, StoredYard, WriteOp};
use crate::store::{CommitSeq, StoreError, StoreWriter};
use outside::Told;
pub(crate) use outside::insert_within;
use queues::Standing;
use transaction::Transaction;

pub(super) struct SqliteWriter {
    // Closed before `home` lets go of the folder.
    conn: Connection,
    home: Arc<Home>,
    /// As it was in the file after the latest transaction. None after a failure: it is read anew then.
    standing: Option<Standing>,
    told: Told,
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
        let standing = Standing::read(&conn)?;
        let told = Told::of(&standing);
        Ok(SqliteWriter { conn, home, standing: Some(standing), told })
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
        let mut tx = Transaction::begin(&self.conn, self.standing.take(), now_ms)?;
        match work(&mut tx) {
            Ok(answer) => {
                let standing = tx.commit()?;
                let seq = standing.seq;
                self.told = Told::of(&standing);
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
        let told = self.told;
        let ((results, outside), commit) = self.transact(now_ms, |tx| {
            let outside = tx.outside(told)?;
            // `collect` does not know how many there will be, and moves them about as they become more.
            let mut results = Vec::with_capacity(ops.len());
            for op in ops {
                results.push(tx.apply(op)?);
            }
            Ok((results, outside))
        })?;
        let limits = self.standing.as_mut().and_then(|standing| standing.limits.news());
        Ok(Committed { commit, results, limits, outside })
    }

    fn load(&mut self) -> Result<StoredYard, StoreError> {
        let (yard, commit) = self.transact(0, |tx| {
            Ok(StoredYard {
                queues: tx.standing.stored_queues(),
                processing: tx.all_processing()?,
                still_counted: tx.still_counted()?,
                limits: tx.standing.limits.statuses(),
                schedules: tx.schedules()?,
                operations: tx.operations()?,
                due_at_ms: tx.next_due_at_ms()?,
                unresolved: tx.has_unresolved()?,
                commit: CommitSeq::default(),
            })
        })?;
        Ok(StoredYard { commit, ..yard })
    }

    fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> Result<u64, StoreError> {
        self.transact(now_ms, |tx| tx.recover_lost(max_losses)).map(|(lost, _)| lost)
    }
}

/// Every statement that looks for the rows it reads or changes, for the test of their plans.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    claim::IN_STATE,
    claim::OF_PRIORITY,
    claim::ONE,
    claim::RESULTS,
    clear::FINISHED,
    clear::DOOMED,
    clear::DELETES[0],
    clear::DELETES[1],
    clear::DELETES[2],
    clear::DELETES[3],
    clear::DELETES[4],
    clear::FLAGGED_DELETES[0].1,
    clear::FLAGGED_DELETES[1].1,
    clear::FLAGGED_DELETES[2].1,
    clear::FLAGGED_DELETES[3].1,
    clear::EMPTY_BATCH,
    dependencies::WAITING,
    dependencies::SET_STATE,
    dependencies::MEET_ONE,
    dependencies::IS_UNMET,
    dependencies::OPTIONS,
    dependencies::HAS_ENDED,
    transaction::MARK,
    dependencies::WANT_RESULTS,
    dependencies::FORGET_END,
    insert::KEY_HOLDER,
    insert::EXISTS,
    insert::REPLACE,
    insert::REPLACE_ARGS,
    insert::FORGET_INPUTS,
    limits::CHANGED,
    limits::ALL_LOOKED_AT,
    limits::LOOK_ANEW,
    limits::HOLDS_BACK,
    log::FLAGS,
    meters::BY_ID,
    meters::BY_KEY,
    meters::NEXT_QUEUE,
    meters::FIRST_HELD,
    meters::RELEASE,
    meters::GIVE_BACK,
    meters::STILL_COUNTED,
    outside::ADDED,
    operations::OPERATION,
    operations::STEPPED,
    outcome::REPORT,
    outcome::FORGET_ATTEMPTS,
    outcome::FORGET_LINES,
    outcome::FORGET_OUTPUT,
    outcome::SET_PRIORITY,
    outcome::FULL_ERROR,
    promote::DUE_JOBS,
    promote::FIRST_DUE,
    promote::DUE_METERS,
    promote::FIRST_DUE_METER,
    recovery::LOSSES,
    recovery::COUNTED,
    schedules::SCHEDULE,
    schedules::FORGET_FILES,
    tidy::OLD_ANSWERS,
    tidy::IDLE_METERS,
    tidy::EMPTY_BATCHES,
    transaction::ROW,
    transaction::CHANGE,
];
