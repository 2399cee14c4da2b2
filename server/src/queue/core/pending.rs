//! What was asked of the store, and for whom.

use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::operation::OperationId;

use super::decision::{AttemptId, RequestId};
use crate::store::QueueSettings;

/// What a ticket was for.
#[derive(Debug)]
pub(super) enum Pending {
    Insert {
        request: RequestId,
        jobs: usize,
        bytes: usize,
    },
    Claim {
        queue: Arc<str>,
        limit: u32,
    },
    /// `end_was_refused`: the store did not take how it really ended, and is told that.
    Finish {
        attempt: AttemptId,
        end_was_refused: bool,
    },
    WorkEnded {
        attempt: AttemptId,
    },
    Progress,
    Log {
        lines: usize,
    },
    /// `request`: None when a schedule replaces its last job.
    Cancel {
        request: Option<RequestId>,
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
    },
    Clear {
        request: RequestId,
        queue: Option<String>,
        finished_by_ms: i64,
        cleared: u64,
    },
    /// A step of the retention's round.
    Prune {
        queue: Arc<str>,
        state: JobState,
    },
    Tidy,
    Configure {
        request: Option<RequestId>,
        queue: Arc<str>,
        settings: QueueSettings,
    },
    SetLimit {
        request: RequestId,
        name: String,
    },
    RemoveLimit {
        request: RequestId,
        name: String,
    },
    /// `request`: None for a schedule that goes on without a run.
    SetSchedule {
        request: Option<RequestId>,
        name: String,
    },
    RemoveSchedule {
        request: RequestId,
        name: String,
    },
    /// `request`: None when the time has come.
    Fire {
        request: Option<RequestId>,
        name: String,
    },
    Promote,
    Resolve,
    CatchUp,
    StartOperation {
        request: RequestId,
    },
    StepOperation {
        id: OperationId,
    },
    UndoOperation {
        request: RequestId,
        id: OperationId,
    },
}
