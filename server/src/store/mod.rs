//! Where jobs are kept. One trait, several implementations that pass one conformance suite: SQLite
//! (`sqlite/`, the default) and memory (`memory.rs`, for simulation and tests).
//!
//! A store has one writer, driven by the writer thread ([`writer`]), and any number of readers. What a
//! writer's `apply` has returned is committed and survives a power cut (memory: nothing does).

mod bulk;
#[cfg(test)]
pub(crate) mod conformance;
mod endings;
pub mod error;
mod insert_plan;
pub mod memory;
pub mod ops;
mod results;
mod search;
mod seats;
pub mod sqlite;
mod transition;
mod turns;
pub mod writer;

use std::path::Path;
use std::sync::Arc;

use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{Dependency, FileRef, JobDetail, JobId, JobOptions, JobSummary};
use taskyard_shared::log::LogLine;
use taskyard_shared::view::JobsQuery;

use crate::limits::{LimitRef, MeterUse};

pub use error::StoreError;
pub use memory::MemoryStore;
pub use ops::*;
pub use seats::{Seat, Seats};
pub use sqlite::SqliteStore;

/// Attempts kept of each job; older ones are forgotten.
pub const KEPT_ATTEMPTS: usize = 100;

/// Counts commits: each commit that changed something has the next number. Kept over restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitSeq(pub u64);

/// A store that has been opened.
pub trait Store: Send + Sync {
    /// The writer. There is only one: a second call is a defect of the caller and gives an error.
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError>;

    /// A reader for any thread; its calls block on I/O, so never on an async thread.
    fn reader(&self) -> Arc<dyn StoreReader>;

    /// The SQLite file, where it is one.
    fn data_file(&self) -> Option<&Path> {
        None
    }

    /// What durability the database itself reports, for people: `SQLite 3.51.3, WAL, synchronous=FULL`.
    fn durability(&self) -> String;
}

/// The one hand that writes. Its calls block on I/O.
pub trait StoreWriter: Send {
    /// Applies every operation in order, in one transaction, and answers each by its place.
    ///
    /// # Errors
    /// Nothing was applied. The operations may be tried again, together or one by one.
    fn apply(&mut self, ops: &[WriteOp], now_ms: i64) -> Result<Committed, StoreError>;

    /// Everything that the queue must know to go on: settings, exact counts, and the jobs in `processing`.
    /// Its cost does not depend on how many jobs are stored.
    fn load(&mut self) -> Result<StoredYard, StoreError>;

    /// Called once, when a process starts: every job still in `processing` was run by a process that died.
    /// Ends its attempt as `lost` and makes it pending again, or fails it for good when that has happened
    /// `max_losses` times to it. Answers how many jobs it found. Nothing counts as running towards a limit then,
    /// and what limits and missing workers held back is looked at anew.
    fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> Result<u64, StoreError>;
}

/// Most rows that one [`StoreReader::list`] looks at to find those that a kind or text filter lets pass.
pub const SEARCH_BUDGET_ROWS: usize = 100_000;

/// Reads committed data only. Its calls block on I/O.
pub trait StoreReader: Send + Sync {
    /// One window of the list; what passes is what [`taskyard_shared::view::JobFilter::matches`] says.
    ///
    /// A filter by kind or text has to look at rows one by one. After [`SEARCH_BUDGET_ROWS`] of them the
    /// call stops, so that no search keeps a reader for long: see [`JobsPage::scanned_to`].
    fn list(&self, query: &JobsQuery) -> Result<JobsPage, StoreError>;

    fn job(&self, id: JobId) -> Result<Option<JobDetail>, StoreError>;

    /// The artifact of that name of that job.
    fn artifact(&self, id: JobId, name: &str) -> Result<Option<FileRef>, StoreError>;

    /// Of these SHA-256 sums, those that no job refers to any more, and no schedule for its jobs to come.
    fn unreferenced(&self, sha256: &[String]) -> Result<Vec<String>, StoreError>;

    /// The newest `limit` lines of a job's log, or of one of its attempts, oldest first, and the commit that they show.
    /// A job that does not exist has none.
    fn log(&self, id: JobId, attempt: Option<u32>, limit: u32) -> Result<LogPage, StoreError>;

    /// Jobs that ended behind `after`, in the order of their ends and, within a millisecond, of their numbers: at most
    /// `limit`. Its cost does not depend on how many jobs are stored, but on how many queues there are.
    fn ended(&self, after: EndedJob, limit: u32) -> Result<Vec<Arc<JobSummary>>, StoreError>;

    /// What a request with this key was answered, if one was made within a day of `now_ms`; never
    /// [`InsertResult::Done`].
    fn answered(&self, key: &IdempotencyKey, now_ms: i64) -> Result<Option<InsertResult>, StoreError>;

    fn batch(&self, id: BatchId) -> Result<Option<BatchStatus>, StoreError>;

    /// What the store can tell of why a job waits.
    fn waiting_facts(&self, id: JobId) -> Result<Option<WaitingFacts>, StoreError>;
}

/// A place in the order in which jobs ended. No job has the number 0, so with it everything of that millisecond is
/// behind this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndedJob {
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    pub id: JobId,
}

/// Lines of a log as they were after a commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    pub as_of: CommitSeq,
}

/// Most jobs that are counted before a waiting one.
pub const MAX_COUNTED_AHEAD: u64 = 10_000;
/// Most jobs named among those that a job waits for.
pub const MAX_NAMED_WAITS: usize = 20;
/// Most jobs that a claim looks at in vain before it ends.
pub const CLAIM_LOOKS: usize = 500;
/// After this many milliseconds a meter is looked at again that released jobs and still holds others back: should one
/// of the released jobs not start after all, nothing else would release the next.
pub const RELEASE_RETRY_MS: i64 = 1_000;

/// The time of what is due at once.
const AT_ONCE_MS: i64 = 0;

/// See [`StoreReader::waiting_facts`].
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingFacts {
    pub job: JobSummary,
    pub options: JobOptions,
    /// Jobs that it waits for and that have not ended well: the first [`MAX_NAMED_WAITS`] by number, blocked ones
    /// first, and how many there are.
    pub waits_for: Vec<Dependency>,
    pub waits_for_count: u64,
    /// Pending jobs of its queue that no limit holds back and that a claim takes before it: up to
    /// [`MAX_COUNTED_AHEAD`], and then `ahead_at_least`.
    pub ahead: u64,
    pub ahead_at_least: bool,
    /// Every limit that applies to it, with its key and what that has used.
    pub limits: Vec<(LimitRef, String, MeterUse)>,
}

/// The rows of a window as they were after a commit.
#[derive(Clone, Debug, PartialEq)]
pub struct JobsPage {
    /// In the order of the query's sort.
    pub rows: Vec<Arc<JobSummary>>,
    /// Whether further rows follow, or may follow where the search stopped early (`scanned_to`).
    pub more: bool,
    /// Set when the search stopped at its budget before the window was full: the last job it looked at.
    /// `WindowStart::After` with this id goes on from there. Rows that an `Offset` still had to skip by
    /// then are not skipped by the call that goes on.
    pub scanned_to: Option<JobId>,
    /// The latest commit that the rows show: events of this commit and of earlier ones are in them.
    pub as_of: CommitSeq,
}
