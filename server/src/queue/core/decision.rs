//! What the core is told, and what it answers.

use taskyard_shared::batch::BatchId;
use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{FileRef, JobId, Progress};
use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::{NewOperation, Operation, OperationId};
use taskyard_shared::queue::{QueueChange, QueueStatus};
use taskyard_shared::schedule::ScheduleStatus;

use super::schedules::NewSchedule;
use crate::pubsub::CommitEvents;
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{
    AddTerms, AttemptEnd, ClaimedJob, CommitSeq, JobInsert, OpResult, Outside, StoreError, WriteOp,
};

/// A caller who waits for an answer. Numbers are chosen by the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One attempt of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    pub job: JobId,
    pub attempt: u32,
}

impl AttemptId {
    pub fn of(claimed: &ClaimedJob) -> Self {
        AttemptId { job: claimed.job.id, attempt: claimed.job.attempt }
    }
}

/// How the work of an attempt ended, with the files that it made.
#[derive(Clone, Debug)]
pub struct EndedAttempt {
    pub attempt: AttemptId,
    pub end: AttemptEnd,
    pub artifacts: Vec<FileRef>,
}

/// Who adds jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedBy {
    Caller,
    /// A job at work: it may do so even while the queue stops, for its work is waited for.
    Job,
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    Add {
        request: RequestId,
        jobs: Vec<JobInsert>,
        terms: AddTerms,
        by: AddedBy,
    },
    Cancel {
        request: RequestId,
        id: JobId,
    },
    Retry {
        request: RequestId,
        id: JobId,
    },
    Delete {
        request: RequestId,
        id: JobId,
    },
    SetPriority {
        request: RequestId,
        id: JobId,
        priority: i16,
    },
    Clear {
        request: RequestId,
        queue: Option<String>,
    },
    Configure {
        request: RequestId,
        queue: String,
        change: QueueChange,
    },
    SetLimit {
        request: RequestId,
        limit: Limit,
    },
    RemoveLimit {
        request: RequestId,
        name: String,
    },
    SetSchedule {
        request: RequestId,
        schedule: Box<NewSchedule>,
    },
    RemoveSchedule {
        request: RequestId,
        name: String,
    },
    PauseSchedule {
        request: RequestId,
        name: String,
        paused: bool,
    },
    /// Adds the schedule's job now, besides its runs.
    RunSchedule {
        request: RequestId,
        name: String,
    },
    StartOperation {
        request: RequestId,
        operation: NewOperation,
    },
    UndoOperation {
        request: RequestId,
        id: OperationId,
    },
    Drain {
        request: RequestId,
    },
    /// Asks to be answered when nothing can go on before time passes.
    AwaitIdle {
        request: RequestId,
    },
    /// The executor: the work of these attempts has really ended.
    Ended {
        ends: Vec<EndedAttempt>,
    },
    /// The executor: how far running attempts are.
    Progress {
        reports: Vec<(JobId, u32, Progress)>,
    },
    /// The executor: what running attempts wrote.
    Logged {
        lines: Vec<(JobId, LogLine)>,
    },
    /// The store: these are on the disk. `limits`: every limit as it stands, if that changed. `outside`: what others
    /// committed before them.
    Committed {
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
        limits: Option<Vec<LimitStatus>>,
        outside: Option<Box<Outside>>,
    },
    /// Others have added jobs to the store, or may have.
    AddedOutside,
    /// The store: these are not, and nothing of them is.
    WriteFailed {
        ops: Vec<(Ticket, WriteOp)>,
        error: StoreError,
    },
    /// The time asked for by [`Decision::WakeAt`] has come. Wakes for other times than the last one asked for
    /// change nothing.
    Wake {
        at_ms: i64,
    },
}

/// Something to be done, in order.
#[derive(Debug)]
pub enum Decision {
    Write(Ticket, WriteOp),
    Start(ClaimedJob),
    /// Stop the attempt's work. Its slot stays taken until [`Input::Ended`].
    Stop(AttemptId),
    /// The store knows how the attempt ended: the executor may forget it.
    Settle(AttemptId),
    Answer(RequestId, Result<Answer, QueueError>),
    Publish(CommitEvents),
    /// Apply [`Input::Wake`] at this time, and no longer at the one asked for before.
    WakeAt {
        at_ms: i64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Added(AddAnswer),
    Cancelled {
        was_running: bool,
    },
    Retried,
    Deleted,
    PrioritySet,
    Cleared {
        count: u64,
    },
    Configured(Box<QueueStatus>),
    LimitSet(LimitStatus),
    Schedule(Box<ScheduleStatus>),
    /// A limit or a schedule.
    Removed,
    Operation(Box<Operation>),
    Drained,
    /// When something is due next, if anything is.
    Idle {
        next_at_ms: Option<i64>,
    },
}

/// What became of each job that was to be added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddAnswer {
    pub batch: Option<BatchId>,
    pub outcomes: Vec<AddOutcome>,
    /// It was given to an earlier request, and names every job of that call: see [`crate::store::AddTerms::seats`].
    pub is_repeated: bool,
}

/// A job that was added, or that stood in the way of adding it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddedJob {
    pub id: JobId,
    pub is_new: bool,
}

impl AddAnswer {
    /// What became of the only job that was to be added.
    ///
    /// # Errors
    /// It was refused.
    pub fn into_one(self) -> Result<AddedJob, WireError> {
        match self.outcomes.into_iter().next() {
            Some(AddOutcome::Added { id }) => Ok(AddedJob { id, is_new: true }),
            Some(AddOutcome::Existing { id } | AddOutcome::Replaced { id }) => {
                Ok(AddedJob { id, is_new: false })
            }
            Some(AddOutcome::Refused { error }) => Err(error),
            Some(AddOutcome::NotAdded {}) | None => {
                Err(WireError::new(ErrorCode::Internal, "the job got no answer"))
            }
        }
    }
}
