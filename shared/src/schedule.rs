//! Cron schedules: jobs that are added again and again.

use serde::{Deserialize, Serialize};

use crate::job::JobId;
use crate::new_job::NewJob;
use crate::object::objects_only;

objects_only!(Schedule);

/// A schedule as somebody wants it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Schedule", deny_unknown_fields)]
pub struct Schedule {
    /// See [`crate::limits::is_identifier`].
    pub name: String,
    /// Five or six fields (seconds first), or `@daily` and the like.
    pub cron: String,
    /// IANA name of the time zone.
    #[serde(default = "utc")]
    pub zone: String,
    /// What is added at each run. It waits for no other jobs and has no run time of its own.
    pub job: NewJob,
    #[serde(default)]
    pub overlap: Overlap,
    #[serde(default)]
    pub missed: Missed,
    #[serde(default)]
    pub paused: bool,
}

/// What happens when the job of the run before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Another one is added beside it.
    #[default]
    Allow,
    /// This run is left out.
    Skip,
    /// It is cancelled, and a new one added.
    Replace,
}

/// What happens with runs whose time passed while the server was down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// One run makes up for all of them.
    #[default]
    RunOnce,
    /// They are left out.
    Skip,
    /// Each is made up for: the latest [`crate::limits::MAX_MISSED_RUNS`].
    RunAll,
}

/// A schedule as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScheduleStatus {
    pub schedule: Schedule,
    /// None while it is paused, or when it will not run any more.
    pub next_run_at_ms: Option<i64>,
    pub last_run_at_ms: Option<i64>,
    /// The job that was added last.
    pub last_job: Option<JobId>,
    /// Runs that added nothing: the one before had not ended, or another job has the unique key.
    pub skipped: u64,
}

fn utc() -> String {
    "UTC".to_owned()
}
