//! What the end of a job means for those that wait for it: one rule, whatever the store.

use taskyard_shared::job::{DependencyState, JobState};
use taskyard_shared::new_job::OnFailure;

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    NotCompleted,
    Deleted,
}

impl Ending {
    /// None for a state in which a job has not ended.
    pub fn of(state: JobState) -> Option<Ending> {
        match state {
            JobState::Completed => Some(Ending::Completed),
            JobState::Failed | JobState::Cancelled => Some(Ending::NotCompleted),
            JobState::Pending | JobState::Processing | JobState::Scheduled | JobState::Waiting => None,
        }
    }

    /// Whether a wait in this state is still to be told of such an end.
    pub fn concerns(self, state: DependencyState) -> bool {
        match self {
            Ending::Completed | Ending::Deleted => state != DependencyState::Met,
            Ending::NotCompleted => state == DependencyState::Open,
        }
    }

    /// What becomes of the wait of a job with this rule. A wait for a deleted job is over in any case: should the
    /// job that was cancelled for it be retried, nothing is left to wait for.
    pub fn wait_becomes(self, rule: OnFailure) -> DependencyState {
        match (self, rule) {
            (Ending::Completed | Ending::Deleted, _) | (Ending::NotCompleted, OnFailure::Continue) => {
                DependencyState::Met
            }
            (Ending::NotCompleted, OnFailure::Stop | OnFailure::Cancel) => DependencyState::Blocked,
        }
    }

    /// Whether a job with this rule is cancelled, if it still waits.
    pub fn cancels(self, rule: OnFailure) -> bool {
        match self {
            Ending::Completed => false,
            Ending::NotCompleted => rule == OnFailure::Cancel,
            Ending::Deleted => rule != OnFailure::Continue,
        }
    }
}
