//! What the queue can be told. Each answer comes after the commit that makes it true.

use std::sync::Arc;

use actix::Message;
use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::explain::Explanation;
use taskyard_shared::job::{JobId, JobState, Progress};
use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::limits::{MAX_KEPT_OPERATIONS, MAX_LIMITS, MAX_QUEUES, MAX_SCHEDULES};
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::{NewOperation, Operation, OperationId};
use taskyard_shared::queue::{QueueChange, QueueStatus};
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::view::YardLists;

use super::core::{AddAnswer, AddedBy, NewSchedule};
use crate::executor::EndBuffer;
use crate::store::{AddTerms, CommitSeq, InsertError, JobInsert, WaitingFacts};

/// Why the queue did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    #[error("there is no queue \"{0}\"")]
    NoSuchQueue(String),
    #[error("there is no limit \"{0}\"")]
    NoSuchLimit(String),
    #[error("there is no schedule \"{0}\"")]
    NoSuchSchedule(String),
    #[error("there is no operation {0}")]
    NoSuchOperation(OperationId),
    #[error("there are {MAX_QUEUES} queues already; use one of them")]
    TooManyQueues,
    #[error("there are {MAX_LIMITS} limits already; remove one first")]
    TooManyLimits,
    #[error("there are {MAX_SCHEDULES} schedules already; remove one first")]
    TooManySchedules,
    #[error("{MAX_KEPT_OPERATIONS} operations are under way; wait until one has ended")]
    TooManyOperations,
    #[error("job {0} is already finished: it is {1}")]
    AlreadyFinished(JobId, JobState),
    #[error("job {0} is {1}; only failed, cancelled and scheduled jobs can be retried")]
    NotRetryable(JobId, JobState),
    #[error("job {0} is {1}; only jobs that have ended can be deleted")]
    NotDeletable(JobId, JobState),
    #[error("job {0} is {1}; only jobs that have not begun can get another priority")]
    AlreadyBegun(JobId, JobState),
    #[error("operation {0} has begun, so it cannot be undone any more")]
    OperationBegan(OperationId),
    #[error("queue \"{0}\" takes no more jobs: it is being drained")]
    QueueDraining(String),
    #[error("the idempotency key was used for another request; use a new one")]
    KeyReused,
    #[error("not added: {0}")]
    NotStored(InsertError),
    #[error("the work of job {0} is still being stopped; retry it when it has ended")]
    StillStopping(JobId),
    #[error("{}: {}", .0.field.trim_start_matches(['$', '/']), .0.message)]
    BadSetting(FieldError),
    #[error("too many jobs wait to be written; try again in a moment")]
    Overloaded,
    #[error("the queue is restarting; look whether it was done, and try again")]
    Restarting,
    #[error("the server is stopping; try again when it is back")]
    Stopping,
    #[error("nothing was stored: {0}")]
    StoreFailed(String),
}

impl From<QueueError> for WireError {
    fn from(error: QueueError) -> Self {
        let message = error.to_string();
        let fields = match &error {
            QueueError::BadSetting(field) => vec![field.clone()],
            _ => Vec::new(),
        };
        WireError::new(error.code(), message).with_fields(fields)
    }
}

impl QueueError {
    fn code(&self) -> ErrorCode {
        match self {
            QueueError::NoSuchJob(_)
            | QueueError::NoSuchQueue(_)
            | QueueError::NoSuchLimit(_)
            | QueueError::NoSuchSchedule(_)
            | QueueError::NoSuchOperation(_) => ErrorCode::NotFound,
            QueueError::AlreadyFinished(..) => ErrorCode::AlreadyFinished,
            QueueError::NotRetryable(..)
            | QueueError::StillStopping(_)
            | QueueError::NotDeletable(..)
            | QueueError::AlreadyBegun(..)
            | QueueError::OperationBegan(_)
            | QueueError::QueueDraining(_) => ErrorCode::WrongState,
            QueueError::KeyReused => ErrorCode::Conflict,
            QueueError::NotStored(error) => WireError::from(error).code,
            QueueError::BadSetting(_)
            | QueueError::TooManyQueues
            | QueueError::TooManyLimits
            | QueueError::TooManySchedules => ErrorCode::InvalidArguments,
            QueueError::Overloaded | QueueError::TooManyOperations => ErrorCode::Overloaded,
            QueueError::Restarting | QueueError::Stopping => ErrorCode::Unavailable,
            QueueError::StoreFailed(_) => ErrorCode::StoreFailed,
        }
    }
}

/// Stores jobs, and answers what became of each.
#[derive(Message)]
#[rtype(result = "Result<AddAnswer, QueueError>")]
pub struct AddJobs {
    pub jobs: Vec<JobInsert>,
    pub terms: AddTerms,
    pub by: AddedBy,
}

/// Answers when nothing can go on before time passes: when something is due next, if anything is. For tests.
#[derive(Message)]
#[rtype(result = "Result<Option<i64>, QueueError>")]
pub struct AwaitIdle;

/// Others have added jobs to the store, or may have: [`crate::transactional`].
#[derive(Message)]
#[rtype(result = "()")]
pub struct AddedOutside;

/// Answers whether the job was running, in which case its work is being stopped.
#[derive(Message)]
#[rtype(result = "Result<bool, QueueError>")]
pub struct CancelJob {
    pub id: JobId,
}

#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct RetryJob {
    pub id: JobId,
}

/// Deletes what has finished until now, in small steps between other work. Answers how many jobs.
#[derive(Message)]
#[rtype(result = "Result<u64, QueueError>")]
pub struct ClearFinished {
    pub queue: Option<String>,
}

/// Finished jobs only.
#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct DeleteJob {
    pub id: JobId,
}

/// Jobs that have not begun only.
#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct SetPriority {
    pub id: JobId,
    pub priority: i16,
}

/// Why a job waits; `facts` is what the store says of it.
#[derive(Message)]
#[rtype(result = "Result<Explanation, QueueError>")]
pub struct ExplainJob {
    pub facts: Box<WaitingFacts>,
}

/// Changes what is given and leaves the rest.
#[derive(Message)]
#[rtype(result = "Result<QueueStatus, QueueError>")]
pub struct ConfigureQueue {
    pub queue: String,
    pub change: QueueChange,
}

/// Makes a limit, or changes the one of that name.
#[derive(Message)]
#[rtype(result = "Result<LimitStatus, QueueError>")]
pub struct SetLimit {
    pub limit: Limit,
}

#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct RemoveLimit {
    pub name: String,
}

/// Makes a schedule, or changes the one of that name.
#[derive(Message)]
#[rtype(result = "Result<ScheduleStatus, QueueError>")]
pub struct SetSchedule {
    pub schedule: Box<NewSchedule>,
}

#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct RemoveSchedule {
    pub name: String,
}

#[derive(Message)]
#[rtype(result = "Result<ScheduleStatus, QueueError>")]
pub struct PauseSchedule {
    pub name: String,
    pub paused: bool,
}

/// Adds the schedule's job now, besides its runs.
#[derive(Message)]
#[rtype(result = "Result<ScheduleStatus, QueueError>")]
pub struct RunSchedule {
    pub name: String,
}

#[derive(Message)]
#[rtype(result = "Result<Operation, QueueError>")]
pub struct StartOperation {
    pub operation: NewOperation,
}

#[derive(Message)]
#[rtype(result = "Result<Operation, QueueError>")]
pub struct UndoOperation {
    pub id: OperationId,
}

/// Schedules, limits and operations as they stand, and the commit they stand at.
#[derive(Message)]
#[rtype(result = "Result<(CommitSeq, YardLists), QueueError>")]
pub struct ListYard;

/// Every queue as it stands, sorted by name, and the commit it stands at.
#[derive(Message)]
#[rtype(result = "Result<(CommitSeq, Vec<QueueStatus>), QueueError>")]
pub struct ListQueues;

/// From the executor: the work of attempts has really ended. They are taken when the message is handled, and not when it
/// is sent, so that one message tells of all that have ended until then.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AttemptsEnded(pub Arc<EndBuffer>);

/// From the executor: the latest progress of attempts that run.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ProgressReported {
    pub reports: Vec<(JobId, u32, Progress)>,
}

/// From the executor: lines that running work has written. Those of an attempt come in their order, and before its
/// [`AttemptsEnded`].
#[derive(Message)]
#[rtype(result = "()")]
pub struct LogsReported {
    pub lines: Vec<(JobId, LogLine)>,
}

/// Claims nothing more and takes no more jobs. Answered when no attempt runs and everything is committed.
#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct Drain;

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Panic;
