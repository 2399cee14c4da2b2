//! A job as everyone outside the server's core sees it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The number of a job. Counts up from 1 and is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
/// `pending → processing → completed | failed`, `pending | processing → cancelled`,
/// `failed | cancelled → pending` (retried by a person), and `processing → pending` when the process that
/// ran it died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl JobState {
    pub const ALL: [JobState; 5] =
        [JobState::Pending, JobState::Processing, JobState::Completed, JobState::Failed, JobState::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            JobState::Pending => "pending",
            JobState::Processing => "processing",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    /// Whether a job in this state has ended: it may be cleared, and cannot be cancelled.
    pub const fn is_finished(self) -> bool {
        matches!(self, JobState::Completed | JobState::Failed | JobState::Cancelled)
    }

    /// Whether a job may go from this state to `next`.
    pub const fn may_become(self, next: JobState) -> bool {
        use JobState::{Cancelled, Completed, Failed, Pending, Processing};
        matches!(
            (self, next),
            (Pending, Processing | Cancelled)
                | (Processing, Pending | Completed | Failed | Cancelled)
                | (Failed | Cancelled, Pending)
        )
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
            format!("\"{text}\" is not a state; they are pending, processing, completed, failed, cancelled")
        })
    }
}

/// Progress of the running attempt in thousandths: 0 to 1000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Attempts begun so far; 0 while the job has never run.
    pub attempt: u32,
    /// Milliseconds since the Unix epoch, as all times here.
    pub created_at_ms: i64,
    /// When the latest attempt began.
    pub started_at_ms: Option<i64>,
    /// When the job reached its final state. None while it may still run.
    pub finished_at_ms: Option<i64>,
    /// Why the latest attempt failed: its first 200 characters.
    pub error: Option<String>,
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    Completed,
    Failed,
    Cancelled,
    /// The process that ran it died, or was stopped before the work had ended.
    Lost,
}

impl AttemptOutcome {
    pub const fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Completed => "completed",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::Cancelled => "cancelled",
            AttemptOutcome::Lost => "lost",
        }
    }
}

/// One run of a job, kept after it has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
pub struct JobDetail {
    pub job: JobSummary,
    /// The arguments, defaults filled in.
    pub args: Value,
    /// What the completed attempt returned.
    pub result: Option<Value>,
    /// The latest attempt's error in full.
    pub error: Option<String>,
    /// Oldest first; the newest 100 are kept.
    pub attempts: Vec<Attempt>,
    /// Files the job was given, by `POST /api/v1/uploads`.
    pub inputs: Vec<FileRef>,
    /// Files the job made; `GET /api/v1/jobs/{id}/artifacts/{name}` has their content.
    pub artifacts: Vec<FileRef>,
}

/// A job that somebody wants added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    pub kind: String,
    /// The queue to wait in; without it, the kind's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Arguments that fit the kind's JSON Schema.
    #[serde(default = "empty_object")]
    pub args: Value,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}
