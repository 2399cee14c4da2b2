//! A queue as it stands: its settings and its exact counts.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use crate::job::JobState;
use crate::object::objects_only;

objects_only!(QueueChange, RetentionChange, Keep);

/// How many jobs are in each state. Exact, never an estimate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StateCounts {
    pub pending: u64,
    pub processing: u64,
    pub completed: u64,
    pub failed: u64,
    pub cancelled: u64,
    #[serde(default)]
    pub scheduled: u64,
    #[serde(default)]
    pub waiting: u64,
}

impl StateCounts {
    pub fn total(&self) -> u64 {
        JobState::ALL.into_iter().map(|state| self[state]).sum()
    }

    pub fn finished(&self) -> u64 {
        self.completed + self.failed + self.cancelled
    }

    /// Jobs that have not ended.
    pub fn unfinished(&self) -> u64 {
        self.total() - self.finished()
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
            JobState::Scheduled => &self.scheduled,
            JobState::Waiting => &self.waiting,
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
            JobState::Scheduled => &mut self.scheduled,
            JobState::Waiting => &mut self.waiting,
        }
    }
}

/// A queue as the board shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QueueStatus {
    pub name: String,
    /// Most jobs of this queue at work at the same time: 1 to [`crate::limits::MAX_CONCURRENCY`].
    pub concurrency: u32,
    /// Nothing new starts while paused; what runs goes on.
    pub paused: bool,
    /// Takes no more jobs, and works off those it has.
    #[serde(default, skip_serializing_if = "is_false")]
    pub draining: bool,
    /// For jobs that do not say themselves; None: the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// For jobs that do not say themselves; None: the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    #[serde(default)]
    pub retention: Retention,
    pub counts: StateCounts,
    /// Slots held by cancelled jobs whose work has not ended yet. Together with `counts.processing` never
    /// more than `concurrency`, except just after it was lowered.
    pub stopping: u32,
}

/// Which finished jobs of a queue are kept. What is deleted is gone with its log, attempts and files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    pub completed: Keep,
    pub failed: Keep,
    pub cancelled: Keep,
}

impl Default for Retention {
    /// A week, and a month for those that failed.
    fn default() -> Self {
        let week = Keep { max_age_ms: Some(7 * 24 * 3_600 * 1_000), max_count: None };
        let month = Keep { max_age_ms: Some(30 * 24 * 3_600 * 1_000), max_count: None };
        Retention { completed: week, failed: month, cancelled: week }
    }
}

impl Retention {
    /// What is kept of the jobs in a state; None for a state in which a job has not ended.
    pub fn keep(&self, state: JobState) -> Option<Keep> {
        match state {
            JobState::Completed => Some(self.completed),
            JobState::Failed => Some(self.failed),
            JobState::Cancelled => Some(self.cancelled),
            JobState::Pending | JobState::Processing | JobState::Scheduled | JobState::Waiting => None,
        }
    }

    /// This one with the change made.
    #[must_use]
    pub fn changed(&self, change: &RetentionChange) -> Retention {
        Retention {
            completed: change.completed.unwrap_or(self.completed),
            failed: change.failed.unwrap_or(self.failed),
            cancelled: change.cancelled.unwrap_or(self.cancelled),
        }
    }
}

/// Bounds on the finished jobs of one state; without any, all are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Keep", deny_unknown_fields, default)]
pub struct Keep {
    /// [`crate::limits::MIN_RETENTION_MS`] to [`crate::limits::MAX_DELAY_MS`].
    pub max_age_ms: Option<u64>,
    /// The newest so many.
    pub max_count: Option<u64>,
}

/// What is to be changed of a queue; what is left out stays, and `null` takes a default away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "QueueChange", deny_unknown_fields, default)]
pub struct QueueChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draining: Option<bool>,
    /// 1 to [`crate::limits::MAX_CONCURRENCY`]. Lowering it stops nothing that runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    #[serde(with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u32>"))]
    pub max_attempts: Option<Option<u32>>,
    #[serde(with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub timeout_ms: Option<Option<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionChange>,
}

/// What is to be changed of a queue's retention; a state that is left out keeps what it keeps. A state that is given is
/// given whole: without a bound, or with `null`, it has no such bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "RetentionChange", deny_unknown_fields, default)]
pub struct RetentionChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Keep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Keep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Keep>,
}

/// Tells `null` from a field that is left out.
mod given {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
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
