//! What the writer can be told, and what it answers.

use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::job::{FileRef, JobId, JobState, JobSummary, Progress};
use taskyard_shared::queue::StateCounts;

use super::CommitSeq;

/// A job to be stored, checked and complete but for its id.
#[derive(Clone, Debug, PartialEq)]
pub struct JobInsert {
    pub kind: Arc<str>,
    pub queue: Arc<str>,
    pub name: String,
    pub detail: String,
    /// JSON, as it is stored.
    pub args: String,
    /// Uploads that the arguments name.
    pub inputs: Vec<FileRef>,
}

/// How an attempt ended, as its executor saw it.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    Completed {
        result: Value,
    },
    Failed {
        error: String,
    },
    /// Stopped before it had ended, because the server stops: the job is pending again, and this attempt
    /// (recorded as `lost`) is not held against it.
    Released,
}

/// The settings of a queue that survive a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub concurrency: u32,
    pub paused: bool,
}

/// One change. All changes of a batch are one transaction, and a later one sees what an earlier one did.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Stores the jobs as `pending`, with the next ids in order; `created_at_ms` is the commit's time. Their
    /// queue should have been configured before, in this batch or an earlier one: a queue that does not
    /// exist yet is created with a concurrency of 1, not paused. Two inputs of one job with the same name
    /// are refused, and with them the whole batch.
    Insert { jobs: Vec<JobInsert> },
    /// Makes up to `limit` pending jobs of the queue `processing`, lowest id first, each with a new attempt:
    /// progress starts at 0, and the error of the attempt before it is from now on found in that attempt
    /// alone. Whether the queue is paused or full is the caller's business.
    Claim { queue: Arc<str>, limit: u32 },
    /// Ends an attempt, together with the files it made. Changes nothing unless the job is `processing` and
    /// this is its current attempt. An artifact replaces one of the same name that an earlier attempt made.
    Finish { id: JobId, attempt: u32, end: AttemptEnd, artifacts: Vec<FileRef> },
    /// Progress of running attempts; reports about attempts that are over change nothing.
    Progress { reports: Vec<(JobId, u32, Progress)> },
    /// Makes a pending or processing job `cancelled`; a running attempt ends as `cancelled`.
    Cancel { id: JobId },
    /// Makes a failed or cancelled job `pending`. Its attempts and error are kept until it is claimed.
    Retry { id: JobId },
    /// Deletes up to `limit` finished jobs that reached their state at or before `finished_by_ms`, with
    /// their attempts and file references; of one queue or of all. Queue by queue in the order in which the
    /// queues were created; within a queue those that finished first go first.
    Clear { queue: Option<String>, finished_by_ms: i64, limit: u32 },
    /// Stores a queue's settings, creating it where needed.
    ConfigureQueue { queue: Arc<str>, settings: QueueSettings },
}

/// What came of the operation at the same place of the batch.
#[derive(Clone, Debug, PartialEq)]
pub enum OpResult {
    Inserted(Vec<Arc<JobSummary>>),
    Claimed(Vec<ClaimedJob>),
    /// The job as it is now; None when that attempt was over already.
    Finished(Option<Arc<JobSummary>>),
    /// Those reports that changed something, in their order.
    Progressed(Vec<(JobId, Progress)>),
    Cancelled(CancelResult),
    Retried(RetryResult),
    /// `more`: the limit was reached, so there may be others. One group for each queue (in the order of their
    /// creation) and state; ids ascend within a group.
    Cleared {
        groups: Vec<ClearedGroup>,
        more: bool,
    },
    QueueConfigured,
}

/// A job that was claimed, with what its worker needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    pub job: Arc<JobSummary>,
    /// JSON.
    pub args: String,
    pub inputs: Vec<FileRef>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CancelResult {
    /// `was_running`: it was `processing`, so its work must be stopped.
    Cancelled {
        job: Arc<JobSummary>,
        was_running: bool,
    },
    AlreadyFinished(JobState),
    NotFound,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RetryResult {
    /// `from` is the state it was in.
    Retried {
        job: Arc<JobSummary>,
        from: JobState,
    },
    WrongState(JobState),
    NotFound,
}

/// Jobs of one queue and state that were deleted together.
#[derive(Clone, Debug, PartialEq)]
pub struct ClearedGroup {
    pub queue: Arc<str>,
    pub state: JobState,
    pub ids: Vec<JobId>,
}

/// A batch that is on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The new commit's number, or the latest one's when nothing of the batch changed anything.
    pub commit: CommitSeq,
    /// In the order of the operations.
    pub results: Vec<OpResult>,
}

/// What the queue needs to go on after a start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredYard {
    /// Sorted by name.
    pub queues: Vec<StoredQueue>,
    /// Sorted by id.
    pub processing: Vec<ClaimedJob>,
    pub commit: CommitSeq,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredQueue {
    pub name: Arc<str>,
    pub settings: QueueSettings,
    pub counts: StateCounts,
}
