//! Jobs added within the caller's own SQLite transaction, where its tables lie in the yard's data file: what the
//! program stores and the jobs that follow from it are both there after the commit, or neither is.
//!
//! ```
//! # use schemars::JsonSchema;
//! # use serde::{Deserialize, Serialize};
//! # use taskyard::Yard;
//! # use taskyard::kinds::{JobContext, JobResult, Label, Worker};
//! use taskyard::transactional::TransactionError;
//! # struct Pack;
//! # #[derive(Serialize, Deserialize, JsonSchema)]
//! # struct PackArgs { order: i64 }
//! # impl Worker for Pack {
//! #     const KIND: &'static str = "pack";
//! #     const DESCRIPTION: &'static str = "Packs an order.";
//! #     type Args = PackArgs;
//! #     fn label(&self, args: &PackArgs) -> Label {
//! #         Label { name: format!("Order {}", args.order), detail: String::new() }
//! #     }
//! #     async fn perform(&self, _: PackArgs, _: JobContext) -> JobResult { Ok(().into()) }
//! # }
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let yard = Yard::builder().data_dir(folder.path()).worker(Pack).start().await?;
//! let mut db = yard.connect()?;
//! db.execute_batch("CREATE TABLE IF NOT EXISTS shop_order (id INTEGER PRIMARY KEY, what TEXT NOT NULL)")?;
//!
//! let order = yard.transaction(&mut db, |tx| {
//!     tx.execute("INSERT INTO shop_order (what) VALUES ('tea')", [])?;
//!     let order = tx.last_insert_rowid();
//!     tx.add(Pack::job(PackArgs { order }))?;
//!     Ok::<_, TransactionError>(order)
//! })?;
//! # assert_eq!(order, 1);
//! # yard.stop(std::time::Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```
//!
//! **The file** is the yard's: start the yard first, then make your tables in it. Names without a prefix are
//! Taskyard's, now or later, so give yours one. A file that is attached to a connection of another one will not do:
//! in WAL mode, SQLite commits to several files one after the other.
//!
//! **What is guaranteed.** The rows are those that the yard itself would write, counts included. A rolled-back
//! transaction leaves nothing; after a crash the job is there if and only if the rest of the transaction is.
//! The yard's own writer waits while another transaction writes, for up to five seconds: keep them short, and do not
//! wait for the yard within one. All of this blocks on the disk: call it in `web::block` or on a thread of its own.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::JobId;

use crate::Yard;
use crate::kinds::IntoNewJob;
use crate::queue::QueueError;
use crate::store::sqlite::insert_within;
use crate::store::{InsertOutcome, OutsideRefusal};

/// How long [`Yard::connect`]'s connections wait for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a transaction, or a job in it, was refused.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The database refused; `SQLITE_BUSY` after waiting for another writer.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The job is wrong, or cannot be added now. The transaction can go on without it.
    #[error("{}", .0.message)]
    Refused(WireError),
    #[error("the connection is to {}, and the yard's jobs are in {}", describe(.found.as_deref()), .wanted.display())]
    AnotherFile { found: Option<PathBuf>, wanted: PathBuf },
    #[error("this yard keeps its jobs in memory; give it a data folder to add jobs in transactions")]
    InMemory,
    #[error("the connection has a temporary table \"{0}\", which hides the yard's own")]
    Hidden(String),
}

impl From<WireError> for TransactionError {
    fn from(error: WireError) -> Self {
        TransactionError::Refused(error)
    }
}

fn describe(file: Option<&Path>) -> String {
    file.map_or_else(|| "no file".to_owned(), |file| file.display().to_string())
}

impl Yard {
    /// A connection of the program's own to the yard's data file, with the same durability as the yard's
    /// (`synchronous=FULL`). It waits up to five seconds for another writer.
    ///
    /// # Errors
    /// The yard has no file, or it cannot be opened.
    pub fn connect(&self) -> Result<Connection, TransactionError> {
        let conn = Connection::open(self.data_file().ok_or(TransactionError::InMemory)?)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        Ok(conn)
    }

    /// Runs `work` in a transaction (`BEGIN IMMEDIATE`) that can also add jobs, commits it, and has the queue look.
    /// Where `work` gives an error or panics, everything is rolled back. Blocks: see the module.
    ///
    /// # Errors
    /// Those of `work`, and what the database says of the beginning or the commit.
    pub fn transaction<T, E: From<TransactionError>>(
        &self,
        conn: &mut Connection,
        work: impl FnOnce(&YardTransaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = conn.transaction_with_behavior(TransactionBehavior::Immediate);
        let tx = YardTransaction { tx: begun.map_err(TransactionError::from)?, yard: self };
        let answer = work(&tx)?;
        tx.tx.commit().map_err(TransactionError::from)?;
        self.wake();
        Ok(answer)
    }
}

/// A transaction in which jobs can be added: see [`Yard::transaction`]. For everything else it is rusqlite's.
pub struct YardTransaction<'c> {
    tx: Transaction<'c>,
    yard: &'c Yard,
}

impl YardTransaction<'_> {
    /// As the function [`add`].
    ///
    /// # Errors
    /// The same.
    pub fn add(&self, job: impl IntoNewJob) -> Result<JobId, TransactionError> {
        add(&self.tx, self.yard, job)
    }
}

impl<'c> Deref for YardTransaction<'c> {
    type Target = Transaction<'c>;

    fn deref(&self) -> &Transaction<'c> {
        &self.tx
    }
}

/// Adds a job within a transaction of the yard's data file, for programs that begin and commit by themselves: they
/// call [`Yard::wake`] after the commit. Begin with `BEGIN IMMEDIATE`: a transaction that has read first may find
/// that it cannot write (`SQLITE_BUSY`).
///
/// Answers the job's id, which is taken when the transaction is committed; where another job has its unique key and
/// that one is wanted then, that one's.
///
/// # Errors
/// The job is refused, or the database refused to store it. The transaction is as it was before the call, unless SQLite
/// itself rolled it back.
pub fn add(tx: &Transaction<'_>, yard: &Yard, job: impl IntoNewJob) -> Result<JobId, TransactionError> {
    check_connection(tx, yard.data_file().ok_or(TransactionError::InMemory)?)?;
    if !yard.takes_jobs() {
        return Err(WireError::from(QueueError::Stopping).into());
    }
    let now_ms = yard.now_ms();
    let insert = yard.registry().prepare_blocking(job.into_new_job()?, yard.files(), now_ms)?;
    match insert_within(tx, insert, now_ms)? {
        Ok(InsertOutcome::Added(job)) => Ok(job.id),
        Ok(InsertOutcome::Existing(id)) => Ok(id),
        Ok(InsertOutcome::Replaced(moved)) => Ok(moved.job.id),
        Ok(InsertOutcome::Refused(error)) => Err(WireError::from(&error).into()),
        Ok(InsertOutcome::NotAdded) => {
            Err(WireError::new(ErrorCode::Internal, "the job got no answer").into())
        }
        Err(OutsideRefusal::QueueDraining(queue)) => {
            Err(WireError::from(QueueError::QueueDraining(queue)).into())
        }
        Err(OutsideRefusal::TooManyQueues) => Err(WireError::from(QueueError::TooManyQueues).into()),
    }
}

/// The connection must write to the yard's file, and to its own tables there.
fn check_connection(conn: &Connection, wanted: &Path) -> Result<(), TransactionError> {
    let found = conn.path().filter(|path| !path.is_empty()).map(PathBuf::from);
    let same = |found: &PathBuf| match (found.canonicalize(), wanted.canonicalize()) {
        (Ok(found), Ok(wanted)) => found == wanted,
        _ => false,
    };
    if !found.as_ref().is_some_and(same) {
        return Err(TransactionError::AnotherFile { found, wanted: wanted.to_owned() });
    }
    let hidden = conn
        .prepare_cached(
            "SELECT temp.name FROM temp.sqlite_schema AS temp \
             JOIN main.sqlite_schema AS main ON main.name = temp.name COLLATE NOCASE LIMIT 1",
        )?
        .query_map([], |row| row.get(0))?
        .next()
        .transpose()?;
    hidden.map_or(Ok(()), |name| Err(TransactionError::Hidden(name)))
}

#[cfg(test)]
mod tests;
