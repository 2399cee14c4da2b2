//! A queue as it stands: its settings and its exact counts.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use crate::job::JobState;

/// How many jobs are in each state. Exact, never an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateCounts {
    pub pending: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl StateCounts {
    pub fn total(&self) -> u64 {
        JobState::ALL.into_iter().map(|state| self[state]).sum()
    }

    pub fn finished(&self) -> u64 {
        self.completed + self.failed + self.cancelled
    }

    pub fn add(&mut self, other: &StateCounts) {
        for state in JobState::ALL {
            self[state] += other[state];
        }
    }
}

impl Index<JobState> for StateCounts {
    type Output = u64;

    fn index(&self, state: JobState) -> &u64 {
        match state {
            JobState::Pending => &self.pending,
            JobState::Processing => &self.processing,
            JobState::Completed => &self.completed,
            JobState::Failed => &self.failed,
            JobState::Cancelled => &self.cancelled,
        }
    }
}

impl IndexMut<JobState> for StateCounts {
    fn index_mut(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Pending => &mut self.pending,
            JobState::Processing => &mut self.processing,
            JobState::Completed => &mut self.completed,
            JobState::Failed => &mut self.failed,
            JobState::Cancelled => &mut self.cancelled,
        }
    }
}

/// A queue as the board shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStatus {
    pub name: String,
    /// Most jobs of this queue at work at the same time: 1 to [`crate::limits::MAX_CONCURRENCY`].
    pub concurrency: u32,
    /// Nothing new starts while paused; what runs goes on.
    pub paused: bool,
    pub counts: StateCounts,
    /// Slots held by cancelled jobs whose work has not ended yet. Together with `counts.processing` never
    /// more than `concurrency`, except just after it was lowered.
    pub stopping: u32,
}

/// Takes changed queues into a list that is sorted by name.
pub fn apply_queues(queues: &mut Vec<QueueStatus>, changed: &[QueueStatus]) {
    for status in changed {
        match queues.binary_search_by(|queue| queue.name.cmp(&status.name)) {
            Ok(at) => queues[at].clone_from(status),
            Err(at) => queues.insert(at, status.clone()),
        }
    }
}
