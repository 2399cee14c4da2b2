//! Why a job is not running.

use serde::{Deserialize, Serialize};

use crate::job::{JobId, JobState};

/// Why a job is not running, as it stood when it was asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Explanation {
    pub job: JobId,
    pub state: JobState,
    /// What stands in its way, the first to be dealt with first. Empty when nothing does: it is about to start,
    /// it runs, or it has ended.
    pub reasons: Vec<Reason>,
    /// When it may be expected to start, if that can be told: from its run time, the jobs before it, and how long
    /// jobs of its queue took lately.
    pub estimated_start_ms: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reason {
    /// Its time to start is over: it is cancelled instead when its turn comes.
    Expired { expired_at_ms: i64 },
    /// It waits for these jobs, of `count` in all.
    WaitsFor { jobs: Vec<JobId>, count: u64 },
    /// One that it waits for did not complete: retry that one, or cancel this one.
    DependencyFailed { job: JobId },
    /// Its run time has not come.
    RunTime { run_at_ms: i64 },
    /// Its queue is paused.
    QueuePaused { queue: String },
    /// Every slot of its queue is taken, by these jobs and others (`slots` in all).
    NoFreeSlot { queue: String, slots: u32, held_by: Vec<JobId> },
    /// A limit holds it back; `free_at_ms` is when the next start is allowed, where that is a matter of time.
    Limited { limit: String, key: Option<String>, free_at_ms: Option<i64> },
    /// This many jobs of its queue come first; `at_least` when they were not all counted.
    Behind { jobs: u64, at_least: bool },
    /// The server knows no such kind of job.
    NoWorker { kind: String },
    /// The server takes up no new work, because it stops.
    Stopping {},
    /// The disk refused a write; it is tried again.
    StoreFailing {},
}
