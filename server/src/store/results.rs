//! What the writer answers.

use std::sync::Arc;

use taskyard_shared::batch::BatchId;
use taskyard_shared::command::AddOutcome;
use taskyard_shared::job::{FileRef, JobId, JobOptions, JobState, JobSummary, Progress};
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::limits::MAX_QUEUES;
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::Operation;
use taskyard_shared::schedule::ScheduleStatus;

use super::CommitSeq;
use super::ops::StoredQueue;
use crate::limits::Admission;

/// What came of the operation at the same place of the batch.
#[derive(Clone, Debug, PartialEq)]
pub enum OpResult {
    Inserted(InsertResult),
    Claimed(ClaimResult),
    /// None when that attempt was over already.
    Finished(Option<FinishResult>),
    WorkEnded {
        released: Released,
    },
    /// Those reports that changed something, in their order.
    Progressed(Vec<(JobId, Progress)>),
    /// Those that were kept.
    Logged(Vec<(JobId, LogLine)>),
    Cancelled(CancelResult),
    Retried(RetryResult),
    Deleted(DeleteResult),
    PrioritySet(PriorityResult),
    /// `more`: the limit was reached, so there may be others. One group for each queue (in the order of their
    /// creation) and state; ids ascend within a group. `resolves`: as in [`FinishResult`].
    Cleared {
        groups: Vec<ClearedGroup>,
        more: bool,
        resolves: bool,
    },
    Promoted(PromoteResult),
    Resolved {
        /// From `waiting`.
        moved: Vec<Moved>,
        more: bool,
    },
    QueueConfigured,
    LimitSet,
    LimitRemoved {
        existed: bool,
    },
    ScheduleSet,
    ScheduleRemoved {
        existed: bool,
    },
    Fired(FireResult),
    OperationStarted(Box<Operation>),
    OperationStepped(Box<StepResult>),
    /// None: there is no such operation. Else as it is now; its state tells whether it was undone.
    OperationUndone(Option<Box<Operation>>),
    /// `more`: a limit was reached.
    Tidied {
        more: bool,
    },
    CaughtUp,
}

/// Queues in which jobs that a limit held back may be claimed now. Mostly empty.
pub type Released = Vec<Arc<str>>;

/// A job that changed its state: as it is now, and the state it was in.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub job: Arc<JobSummary>,
    pub from: JobState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InsertResult {
    /// One outcome for each job. `resolves`: one comes after a job that has ended already, and a `Resolve` is to
    /// tell it.
    Done { batch: Option<BatchId>, outcomes: Vec<InsertOutcome>, resolves: bool },
    /// The same request was answered before, like this.
    Replayed { batch: Option<BatchId>, outcomes: Vec<AddOutcome> },
    /// The idempotency key was used for another request.
    KeyReused,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InsertOutcome {
    Added(Arc<JobSummary>),
    Existing(JobId),
    Replaced(Moved),
    Refused(InsertError),
    /// Because another one was refused.
    NotAdded,
}

/// Why a job was not stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    #[error("job {0} has the same unique key")]
    Taken(JobId),
    /// By the number of the other one.
    #[error("job {0} of this call has the same unique key")]
    TakenInCall(usize),
    #[error("job {0} has the same unique key and is {1}, so it cannot be replaced")]
    NotReplaceable(JobId, JobState),
    #[error("it comes after job {0}, which does not exist")]
    NoSuchDependency(JobId),
    /// By the number of the other one.
    #[error("it comes after job {0} of this call, which was refused")]
    DependencyRefused(usize),
    #[error("queue \"{0}\" takes no more jobs: it is being drained")]
    QueueDraining(String),
    #[error("there are {MAX_QUEUES} queues already; use one of them")]
    TooManyQueues,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimResult {
    pub jobs: Vec<ClaimedJob>,
    /// Cancelled, for their time to start was over.
    pub expired: Vec<Moved>,
    /// The claim ended early: there may be jobs behind those that were looked at.
    pub more: bool,
    /// A limit of the whole queue that admits no further start.
    pub blocked: Option<Admission>,
    /// When jobs may be released that are held back by the limits of those that this claim started or held back.
    pub due_at_ms: Option<i64>,
    /// As in [`FinishResult`], for those that expired.
    pub resolves: bool,
}

/// A job that was claimed, with what its worker needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedJob {
    pub job: Arc<JobSummary>,
    /// JSON.
    pub args: String,
    pub inputs: Vec<FileRef>,
    pub options: JobOptions,
    /// Where the arguments take up results: those of the jobs it comes after, in JSON; None where there is none.
    pub results: Vec<(JobId, Option<String>)>,
    /// It counts towards limits: [`WriteOp::WorkEnded`] is wanted should it be cancelled.
    pub is_limited: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FinishResult {
    pub job: Arc<JobSummary>,
    pub released: Released,
    /// Jobs wait for it, and a `Resolve` is to tell them.
    pub resolves: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CancelResult {
    /// `from`: when it was `processing`, its work must be stopped. `resolves`: as in [`FinishResult`].
    Cancelled {
        moved: Moved,
        resolves: bool,
    },
    AlreadyFinished(JobState),
    NotFound,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RetryResult {
    Retried(Moved),
    WrongState(JobState),
    NotFound,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DeleteResult {
    Deleted { group: ClearedGroup, resolves: bool },
    WrongState(JobState),
    NotFound,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PriorityResult {
    Set(Arc<JobSummary>),
    WrongState(JobState),
    NotFound,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromoteResult {
    /// From `scheduled`.
    pub moved: Vec<Moved>,
    pub released: Released,
    /// When there is something to promote next, if anything waits for a time.
    pub next_at_ms: Option<i64>,
    /// The limit was reached.
    pub more: bool,
}

/// Jobs of one queue and state that were deleted together.
#[derive(Clone, Debug, PartialEq)]
pub struct ClearedGroup {
    pub queue: Arc<str>,
    pub state: JobState,
    pub ids: Vec<JobId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FireResult {
    /// With the schedule as it stands now.
    Fired {
        outcome: InsertOutcome,
        status: Box<ScheduleStatus>,
    },
    Skipped {
        status: Box<ScheduleStatus>,
    },
    NoSuchSchedule,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StepResult {
    /// None: there is no such operation, or it had ended.
    pub operation: Option<Operation>,
    pub moved: Vec<Moved>,
    /// Changed without a change of state.
    pub changed: Vec<Arc<JobSummary>>,
    pub removed: Vec<ClearedGroup>,
    pub resolves: bool,
}

/// A batch that is on the disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The new commit's number, or the latest one's when nothing of the batch changed anything.
    pub commit: CommitSeq,
    /// In the order of the operations.
    pub results: Vec<OpResult>,
    /// Every limit as it stands, if that changed.
    pub limits: Option<Vec<LimitStatus>>,
    /// What others committed before this, and after the writer's commit before.
    pub outside: Option<Box<Outside>>,
}

/// What others than the writer committed to the same file, see [`crate::transactional`]: they add jobs, and nothing
/// else.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// Their latest commit.
    pub commit: CommitSeq,
    /// Every queue as they left it, sorted by name.
    pub queues: Vec<StoredQueue>,
    /// Every limit, likewise.
    pub limits: Vec<LimitStatus>,
    /// The jobs that they added, by id. None when they also replaced jobs, or added more than [`MAX_OUTSIDE_JOBS`].
    pub jobs: Option<Vec<Arc<JobSummary>>>,
    /// When there is something to promote.
    pub due_at_ms: Option<i64>,
    /// Waiting jobs are to be told of an end.
    pub unresolved: bool,
}

/// Why a job cannot be added from outside, other than for what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsideRefusal {
    QueueDraining(String),
    TooManyQueues,
}

/// Most jobs that [`Outside`] names one by one.
pub const MAX_OUTSIDE_JOBS: u64 = 1_000;
