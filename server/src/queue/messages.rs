//! What the queue can be told. Each answer comes after the commit that makes it true.

use actix::Message;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{FileRef, JobId, JobState, Progress};
use taskyard_shared::queue::QueueStatus;

use super::core::AttemptId;
use crate::store::{AttemptEnd, CommitSeq, JobInsert};

/// Why the queue did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    #[error("there is no queue \"{0}\"")]
    NoSuchQueue(String),
    #[error("there are {max} queues already; use one of them", max = taskyard_shared::limits::MAX_QUEUES)]
    TooManyQueues,
    #[error("job {0} is already finished: it is {1}")]
    AlreadyFinished(JobId, JobState),
    #[error("job {0} is {1}; only failed and cancelled jobs can be retried")]
    NotRetryable(JobId, JobState),
    #[error("the work of job {0} is still being stopped; retry it when it has ended")]
    StillStopping(JobId),
    #[error("concurrency is {0}; it must be 1 to {max}", max = taskyard_shared::limits::MAX_CONCURRENCY)]
    BadConcurrency(u32),
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
        let code = match error {
            QueueError::NoSuchJob(_) | QueueError::NoSuchQueue(_) => ErrorCode::NotFound,
            QueueError::AlreadyFinished(..) => ErrorCode::AlreadyFinished,
            QueueError::NotRetryable(..) | QueueError::StillStopping(_) => ErrorCode::WrongState,
            QueueError::BadConcurrency(_) | QueueError::TooManyQueues => ErrorCode::InvalidArguments,
            QueueError::Overloaded => ErrorCode::Overloaded,
            QueueError::Restarting | QueueError::Stopping => ErrorCode::Unavailable,
            QueueError::StoreFailed(_) => ErrorCode::StoreFailed,
        };
        WireError::new(code, error.to_string())
    }
}

/// Stores jobs, all or none. Answers their ids in order.
#[derive(Message)]
#[rtype(result = "Result<Vec<JobId>, QueueError>")]
pub struct AddJobs {
    pub jobs: Vec<JobInsert>,
}

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

/// Changes what is given and leaves the rest.
#[derive(Message)]
#[rtype(result = "Result<QueueStatus, QueueError>")]
pub struct ConfigureQueue {
    pub queue: String,
    pub paused: Option<bool>,
    pub concurrency: Option<u32>,
}

/// Every queue as it stands, sorted by name, and the commit it stands at.
#[derive(Message)]
#[rtype(result = "Result<(CommitSeq, Vec<QueueStatus>), QueueError>")]
pub struct ListQueues;

/// From the executor: the work of an attempt has really ended.
#[derive(Message)]
#[rtype(result = "()")]
pub struct AttemptEnded {
    pub attempt: AttemptId,
    pub end: AttemptEnd,
    pub artifacts: Vec<FileRef>,
}

/// From the executor: the latest progress of attempts that run.
#[derive(Message)]
#[rtype(result = "()")]
pub struct ProgressReported {
    pub reports: Vec<(JobId, u32, Progress)>,
}

/// Claims nothing more and takes no more jobs. Answered when no attempt runs and everything is committed.
#[derive(Message)]
#[rtype(result = "Result<(), QueueError>")]
pub struct Drain;

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Panic;
