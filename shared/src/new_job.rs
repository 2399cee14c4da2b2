//! A job that somebody wants added: what it is, when it may run, and what becomes of it when things go wrong.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::job::{JobId, JobState};
use crate::object::objects_only;

objects_only!(NewJob, Backoff, Unique, NewJobs);

/// A job that somebody wants added. Everything but `kind` may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "NewJob", deny_unknown_fields)]
pub struct NewJob {
    pub kind: String,
    /// The queue to wait in; without it, the kind's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Arguments that fit the kind's JSON Schema. `{"$result": {"job": 12, "pointer": "/url"}}` anywhere in them
    /// stands for (a part of) the result of a job that this one comes `after`, and `{"$result": {"ref": "name"}}` for
    /// that of one that is added in the same call.
    #[serde(default = "empty_object")]
    pub args: Value,
    /// Higher runs first: -100 to 100.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priority: i16,
    /// Not before this instant (RFC 3339, `2027-01-31T09:00:00Z`). Not together with `delay_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_at: Option<String>,
    /// Not before so many milliseconds have passed: up to ten years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Not started after this instant (RFC 3339): then it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Without it the queue's, and without that the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Without it the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
    /// An attempt that takes longer is stopped, and has failed. Without it the queue's, and without that the
    /// kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// The result of an earlier job of the kind with the same arguments will do, if that one ended no longer ago than
    /// this: up to ten years. 0: not even if the kind allows it. Without it the kind's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_for_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<Unique>,
    /// Runs when these have ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
    /// What becomes of it when one of these does not complete.
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    pub on_failure: OnFailure,
    /// A name by which other jobs added in the same call can mean this one. Kept by nobody.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl NewJob {
    /// A job of this kind with these arguments, everything else left open.
    pub fn new(kind: impl Into<String>, args: Value) -> Self {
        NewJob {
            kind: kind.into(),
            queue: None,
            args,
            priority: 0,
            run_at: None,
            delay_ms: None,
            expires_at: None,
            max_attempts: None,
            backoff: None,
            timeout_ms: None,
            cache_for_ms: None,
            unique: None,
            after: Vec::new(),
            on_failure: OnFailure::default(),
            name: None,
        }
    }
}

/// A job that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum After {
    /// One that is stored.
    Job(JobId),
    /// One that is added in the same call, by its `ref`.
    Ref(String),
}

/// What becomes of a job when one that it waits for fails, is cancelled or is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// It stays waiting: it goes on when the other was retried and has completed. If the other is deleted, it is
    /// cancelled.
    #[default]
    Stop,
    /// It runs all the same.
    Continue,
    /// It is cancelled, and so is what waits for it in the same manner.
    Cancel,
}

impl OnFailure {
    pub fn is_default(&self) -> bool {
        *self == OnFailure::default()
    }
}

/// How long a failed job waits for its next attempt: after the n-th failure `base_ms` x 2^(n-1) (`exponential`) or
/// `base_ms` (`fixed`), at most `max_ms`, give or take `jitter_percent` of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Backoff", deny_unknown_fields)]
pub struct Backoff {
    #[serde(default)]
    pub curve: BackoffCurve,
    /// 100 to [`crate::limits::MAX_DELAY_MS`].
    pub base_ms: u64,
    /// `base_ms` to [`crate::limits::MAX_DELAY_MS`].
    #[serde(default = "an_hour")]
    pub max_ms: u64,
    /// 0 to 50.
    #[serde(default = "ten")]
    pub jitter_percent: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BackoffCurve {
    #[default]
    Exponential,
    Fixed,
}

impl Default for Backoff {
    /// 2 s, 4 s, 8 s and so on up to an hour, give or take 10 %.
    fn default() -> Self {
        Backoff { curve: BackoffCurve::Exponential, base_ms: 2_000, max_ms: an_hour(), jitter_percent: ten() }
    }
}

impl Backoff {
    pub fn is_default(&self) -> bool {
        *self == Backoff::default()
    }
}

/// There is to be one job only with a key. An earlier job stands in the way while it is in one of `states` and, where
/// there is a period, for no longer than that after it was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Unique", deny_unknown_fields)]
pub struct Unique {
    /// Without it, the kind with all arguments. Keys of different kinds are different.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// 1 to [`crate::limits::MAX_DELAY_MS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_ms: Option<u64>,
    /// At least one. Left out: those in which a job has not ended; with a period, `completed` too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<JobState>>,
    #[serde(default)]
    pub on_conflict: OnConflict,
}

impl Unique {
    /// The states in which an earlier job stands in the way.
    pub fn states(&self) -> Vec<JobState> {
        let by_default = |state: &JobState| {
            !state.is_finished() || (self.period_ms.is_some() && *state == JobState::Completed)
        };
        self.states.clone().unwrap_or_else(|| JobState::ALL.into_iter().filter(by_default).collect())
    }
}

/// What to do when another job has the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Refuse the new job.
    #[default]
    Reject,
    /// Answer with the other job's number.
    Existing,
    /// Give the other job these arguments, this priority and run time, if it has not begun; else refuse.
    Replace,
}

/// What to do with the good ones when one of several jobs is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AddMode {
    /// Nothing is added.
    #[default]
    AllOrNothing,
    /// They are added.
    Each,
}

/// Several jobs to be added in one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "NewJobs", deny_unknown_fields)]
pub struct NewJobs {
    /// 1 to [`crate::limits::MAX_JOBS_PER_ADD`].
    pub jobs: Vec<NewJob>,
    #[serde(default)]
    pub mode: AddMode,
    /// Makes a batch of them, under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// One more job, which runs when all of the others have ended, however they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Box<NewJob>>,
    /// Each job comes after the one before it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub chain: bool,
}

fn empty_object() -> Value {
    Value::Object(serde_json::Map::new())
}

fn is_zero(number: &i16) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn an_hour() -> u64 {
    3_600_000
}

fn ten() -> u8 {
    10
}
