//! What tests give a store: jobs, files, ends, limits.

use serde_json::{Value, json};
use taskyard_shared::job::{FileRef, JobId, JobOptions, JobState};
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::new_job::{OnConflict, OnFailure};
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use crate::store::ops::{
    AddTerms, AfterFailure, AfterInsert, AttemptEnd, JobInsert, KindSays, UniqueInsert, WriteOp,
};

pub fn top(sort: SortOrder) -> JobsQuery {
    JobsQuery { filter: JobFilter::default(), sort, start: WindowStart::Top, limit: 100 }
}

pub fn job(queue: &str, name: &str) -> JobInsert {
    JobInsert {
        kind: "demo".into(),
        queue: queue.into(),
        name: name.to_owned(),
        detail: "3 s".to_owned(),
        args: json!({"name": name}).to_string(),
        inputs: Vec::new(),
        priority: 0,
        run_at_ms: None,
        max_attempts: 1,
        options: JobOptions::default(),
        kind_says: KindSays::default(),
        unique: None,
        after: Vec::new(),
        takes_results: false,
        number: 1,
    }
}

/// Adds the jobs, on no terms of their own.
pub fn insert(jobs: Vec<JobInsert>) -> WriteOp {
    WriteOp::Insert { jobs, terms: AddTerms::default() }
}

/// Claims jobs of any kind, by priority.
pub fn claim(queue: &str, limit: u32) -> WriteOp {
    WriteOp::Claim { queue: queue.into(), limit, oldest: 0, kinds: None }
}

/// Deletes finished jobs of every state.
pub fn clear(queue: Option<&str>, finished_by_ms: i64, limit: u32) -> WriteOp {
    WriteOp::Clear { queue: queue.map(str::to_owned), state: None, finished_by_ms, limit }
}

pub fn file(name: &str, content: char) -> FileRef {
    FileRef {
        name: name.to_owned(),
        sha256: content.to_string().repeat(64),
        bytes: 12,
        media_type: "image/png".to_owned(),
    }
}

pub fn completed() -> AttemptEnd {
    AttemptEnd::Completed { result: json!({"rows": 3}), reused: None }
}

pub fn failed(error: &str) -> AttemptEnd {
    AttemptEnd::Failed { error: error.to_owned(), then: AfterFailure::Final }
}

/// Comes after these jobs, which are stored.
pub fn after(ids: &[JobId], rule: OnFailure) -> JobInsert {
    let options = JobOptions { on_failure: rule, ..JobOptions::default() };
    JobInsert {
        after: ids.iter().copied().map(AfterInsert::Stored).collect(),
        options,
        ..job("demo", "next")
    }
}

/// The only job with this key that has not ended.
pub fn unique(key: &str, on_conflict: OnConflict) -> JobInsert {
    let states = JobState::ALL.into_iter().filter(|state| !state.is_finished()).collect();
    let options = JobOptions { unique_key: Some(key.to_owned()), ..JobOptions::default() };
    let unique = Some(UniqueInsert { key: key.to_owned(), period_ms: None, states, on_conflict });
    JobInsert { unique, options, ..job("demo", "only") }
}

/// A job of the queue `demo` with these arguments.
pub fn with_args(args: &Value) -> JobInsert {
    JobInsert { args: args.to_string(), ..job("demo", "a job") }
}

/// Applies to every job, and limits nothing yet.
pub fn limit(name: &str) -> Limit {
    Limit { name: name.to_owned(), queue: None, kind: None, key: None, concurrency: None, rate: None }
}

/// So many jobs with the same customer at the same time.
pub fn per_customer(concurrency: u32) -> Limit {
    Limit { key: Some("/customer".to_owned()), concurrency: Some(concurrency), ..limit("customer") }
}

/// So many starts a second, evenly spread.
pub fn per_second(count: u32, burst: u32) -> Limit {
    Limit { kind: Some("demo".to_owned()), rate: Some(Rate { count, per_ms: 1_000, burst }), ..limit("rate") }
}

pub fn retry_at(at_ms: i64) -> AttemptEnd {
    AttemptEnd::Failed { error: "try again".to_owned(), then: AfterFailure::Retry { at_ms } }
}

pub fn snoozed(until_ms: i64) -> AttemptEnd {
    AttemptEnd::Snoozed { until_ms, reason: "not ready".to_owned() }
}
