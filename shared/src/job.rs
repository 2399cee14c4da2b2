//! A job as everyone outside the server's core sees it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::batch::BatchId;
use crate::new_job::{Backoff, OnFailure};

/// The number of a job. Counts up from 1 and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct JobId(pub u64);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(JobId)
    }
}

/// Where a job stands. The same words everywhere, from the wire to the page.
///
/// A job begins as `waiting` (on other jobs), `scheduled` (for a time to come) or `pending`, and goes on in that
/// direction. `pending → processing → completed | failed`; `processing → scheduled` when it failed and is tried
/// again later, or put itself off; `processing → pending` when the process that ran it died. Whatever has not
/// ended may become `cancelled`, and `failed | cancelled → pending | waiting` when a person retries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
    /// Until its run time: its first run, or a retry.
    Scheduled,
    /// On other jobs.
    Waiting,
}

impl JobState {
    pub const ALL: [JobState; 7] = [
        JobState::Pending,
        JobState::Processing,
        JobState::Completed,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Scheduled,
        JobState::Waiting,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            JobState::Pending => "pending",
            JobState::Processing => "processing",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Scheduled => "scheduled",
            JobState::Waiting => "waiting",
        }
    }

    /// Whether a job in this state has ended: it may be cleared, and cannot be cancelled.
    pub const fn is_finished(self) -> bool {
        matches!(self, JobState::Completed | JobState::Failed | JobState::Cancelled)
    }

    /// Whether a job may go from this state to `next`.
    pub const fn may_become(self, next: JobState) -> bool {
        use JobState::{Cancelled, Completed, Failed, Pending, Processing, Scheduled, Waiting};
        matches!(
            (self, next),
            (Waiting, Pending | Scheduled | Cancelled)
                | (Scheduled, Pending | Cancelled)
                | (Pending, Processing | Scheduled | Cancelled)
                | (Processing, Pending | Scheduled | Completed | Failed | Cancelled)
                | (Failed | Cancelled, Pending | Waiting)
        )
    }

    /// Whether a job may begin in this state.
    pub const fn is_first(self) -> bool {
        matches!(self, JobState::Pending | JobState::Scheduled | JobState::Waiting)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for JobState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.into_iter().map(JobState::as_str).collect();
            format!("\"{text}\" is not a state; they are {}", known.join(", "))
        })
    }
}

/// Progress of the running attempt in thousandths: 0 to 1000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Progress(u16);

impl Progress {
    pub const NONE: Progress = Progress(0);
    pub const DONE: Progress = Progress(1000);

    /// `thousandths` above 1000 count as 1000.
    pub fn from_thousandths(thousandths: u16) -> Self {
        Progress(thousandths.min(1000))
    }

    /// `fraction` is 0.0 to 1.0; what lies outside counts as the nearer end, NaN as 0.
    pub fn from_fraction(fraction: f64) -> Self {
        // `as` saturates, and turns NaN into 0.
        Progress((fraction.clamp(0.0, 1.0) * 1000.0).round() as u16)
    }

    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// A job as one row of a list: what changes while it lives, and enough to recognise it by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobSummary {
    pub id: JobId,
    pub kind: String,
    pub queue: String,
    /// What a person recognises the job by, made from its arguments by its kind: a name, a URL, a file name.
    pub name: String,
    /// A few words more, made by the kind: `3 s`, `GET`, `2 sizes`. May be empty.
    pub detail: String,
    pub state: JobState,
    pub progress: Progress,
    /// Attempts begun so far, whatever became of them; 0 while the job has never run.
    pub attempt: u32,
    /// Attempts that failed since the job was added, or since a person retried it. Attempts that were lost or put
    /// off do not count.
    pub failures: u32,
    /// It is failed for good when this many attempts have failed: 1 to [`crate::limits::MAX_ATTEMPTS`].
    pub max_attempts: u32,
    /// Higher runs first: -[`crate::limits::MAX_PRIORITY`] to [`crate::limits::MAX_PRIORITY`], 0 unless said.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i16,
    /// The batch that it was added in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchId>,
    /// Milliseconds since the Unix epoch, as all times here.
    pub created_at_ms: i64,
    /// While it is `scheduled`: when it becomes pending. While it is `waiting`: not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at_ms: Option<i64>,
    /// When the latest attempt began.
    pub started_at_ms: Option<i64>,
    /// When the job reached its final state. None while it may still run.
    pub finished_at_ms: Option<i64>,
    /// Why the latest attempt failed: its first 200 characters.
    pub error: Option<String>,
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Completed,
    Failed,
    Cancelled,
    /// The process that ran it died, or was stopped before the work had ended.
    Lost,
    /// The work asked to be run again later; not a failure.
    Snoozed,
}

impl AttemptOutcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Completed => "completed",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Cancelled => "cancelled",
            AttemptOutcome::Lost => "lost",
            AttemptOutcome::Snoozed => "snoozed",
        }
    }
}

/// One run of a job, kept after it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Attempt {
    /// Counts up from 1 within its job.
    pub number: u32,
    pub started_at_ms: i64,
    /// None while it runs.
    pub ended_at_ms: Option<i64>,
    pub outcome: Option<AttemptOutcome>,
    pub error: Option<String>,
}

/// A file that a job made, or was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileRef {
    /// A plain file name, unique within the job and its role.
    pub name: String,
    /// SHA-256 of the content in lower-case hexadecimal: 64 characters.
    pub sha256: String,
    pub bytes: u64,
    /// Media type, such as `image/webp`.
    pub media_type: String,
}

/// Everything about one job: what its page shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobDetail {
    pub job: JobSummary,
    /// The arguments, defaults filled in.
    pub args: Value,
    /// What the completed attempt returned.
    pub result: Option<Value>,
    /// Its result, and its artifacts, are those of this earlier job, which had the same kind and arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused: Option<JobId>,
    /// The latest attempt's error in full.
    pub error: Option<String>,
    /// Oldest first; the newest 100 are kept.
    pub attempts: Vec<Attempt>,
    /// Files the job was given, by `POST /api/v1/uploads`.
    pub inputs: Vec<FileRef>,
    /// Files the job made; `GET /api/v1/jobs/{id}/artifacts/{name}` has their content.
    pub artifacts: Vec<FileRef>,
    pub options: JobOptions,
    /// The jobs that it waits for, or waited for; by their numbers.
    pub after: Vec<Dependency>,
    /// The jobs that wait for it, or waited for it: the first [`crate::limits::MAX_SHOWN_DEPENDENTS`].
    pub before: Vec<Dependency>,
}

/// How a job is to be run, beyond what its row says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct JobOptions {
    /// An attempt is stopped, and has failed, when it takes longer. None: it may take for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// It takes the result of an earlier job of its kind with the same arguments that ended no longer ago than this,
    /// and others may take its own: more than 0. None: it does its own work, and keeps the result to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_for_ms: Option<u64>,
    /// The job is not started after this: it is cancelled instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Backoff::is_default")]
    pub backoff: Backoff,
    /// What becomes of the job when one that it waits for fails.
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
    /// The key under which it is unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_key: Option<String>,
}

/// One job's wait for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Dependency {
    /// The other job.
    pub job: JobId,
    pub state: DependencyState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DependencyState {
    /// It has not ended.
    Open,
    /// It did not complete, and the job that waits stays waiting until it does.
    Blocked,
    /// It has ended well enough for the job that waits.
    Met,
}

fn is_zero(number: &i16) -> bool {
    *number == 0
}
