//! Reads the server's frames.
//!
//! The messages of one family (frames, replies, views, reasons) are read as one struct that has every field which any
//! of them has, and the tag says which it is. What serde derives for tagged enums reads the same, but keeps each
//! frame in a tree first, and came to a tenth of the whole program. The tests hold this against it, message by
//! message. Replies to `add_jobs` are left out: the board adds jobs one by one.

use serde::Deserialize;
use serde_json::Value;
use taskyard_shared::batch::BatchStatus;
use taskyard_shared::command::Reply;
use taskyard_shared::error::WireError;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::explain::{Explanation, Reason};
use taskyard_shared::job::{JobDetail, JobId, JobState};
use taskyard_shared::kind::KindInfo;
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::{BulkAction, Operation, OperationId, OperationState};
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::service::{CacheStatus, LimiterStatus, PoolStatus, Services};
use taskyard_shared::view::{JobFilter, JobsDelta, JobsWindow, ViewDelta, ViewId, ViewSnapshot, YardLists};

/// None if this is no frame of the protocol.
pub fn read(text: &str) -> Option<ServerFrame> {
    serde_json::from_str::<Frame>(text).ok()?.known()
}

#[derive(Deserialize)]
struct Frame {
    r#type: String,
    version: Option<u32>,
    server: Option<String>,
    instance: Option<String>,
    id: Option<u64>,
    reply: Option<Answer>,
    view: Option<ViewId>,
    seq: Option<u64>,
    snapshot: Option<Part>,
    delta: Option<Part>,
    error: Option<WireError>,
}

impl Frame {
    fn known(self) -> Option<ServerFrame> {
        Some(match self.r#type.as_str() {
            "hello" => {
                ServerFrame::Hello { version: self.version?, server: self.server?, instance: self.instance? }
            }
            "reply" => ServerFrame::Reply { id: self.id?, reply: self.reply?.known()? },
            "snapshot" => {
                let snapshot = self.snapshot?.snapshot()?;
                ServerFrame::Snapshot { view: self.view?, seq: self.seq?, snapshot }
            }
            "delta" => {
                let delta = self.delta?.delta()?;
                ServerFrame::Delta { view: self.view?, seq: self.seq?, delta }
            }
            "error" => ServerFrame::Error { error: self.error? },
            "stopping" => ServerFrame::Stopping {},
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    r#type: String,
    id: Option<JobId>,
    is_new: Option<bool>,
    was_running: Option<bool>,
    priority: Option<i16>,
    explanation: Option<Told>,
    count: Option<u64>,
    queue: Option<QueueStatus>,
    detail: Option<Box<JobDetail>>,
    kinds: Option<Vec<KindInfo>>,
    batch: Option<BatchStatus>,
    operation: Option<Task>,
    limit: Option<LimitStatus>,
    name: Option<String>,
    schedule: Option<Box<ScheduleStatus>>,
    runs_at_ms: Option<Vec<i64>>,
    yard: Option<Yard>,
    services: Option<Services>,
    view: Option<ViewId>,
    error: Option<WireError>,
}

impl Answer {
    fn known(self) -> Option<Reply> {
        let id = self.id;
        Some(match self.r#type.as_str() {
            "job_added" => Reply::JobAdded { id: id?, is_new: self.is_new.unwrap_or(true) },
            "job_cancelled" => Reply::JobCancelled { id: id?, was_running: self.was_running? },
            "job_retried" => Reply::JobRetried { id: id? },
            "job_deleted" => Reply::JobDeleted { id: id? },
            "priority_set" => Reply::PrioritySet { id: id?, priority: self.priority? },
            "explained" => Reply::Explained { explanation: self.explanation?.known()? },
            "finished_cleared" => Reply::FinishedCleared { count: self.count? },
            "queue_changed" => Reply::QueueChanged { queue: self.queue? },
            "job" => Reply::Job { detail: self.detail? },
            "kinds" => Reply::Kinds { kinds: self.kinds? },
            "batch" => Reply::Batch { batch: self.batch? },
            "operation" => Reply::Operation { operation: self.operation?.known()? },
            "limit_set" => Reply::LimitSet { limit: self.limit? },
            "limit_removed" => Reply::LimitRemoved { name: self.name? },
            "schedule_set" => Reply::ScheduleSet { schedule: self.schedule? },
            "schedule_removed" => Reply::ScheduleRemoved { name: self.name? },
            "preview" => Reply::Preview { runs_at_ms: self.runs_at_ms? },
            "yard" => Reply::Yard { yard: self.yard?.known()? },
            "services" => Reply::Services { services: self.services? },
            "cache_dropped" => Reply::CacheDropped { count: self.count? },
            "watching" => Reply::Watching { view: self.view? },
            "error" => Reply::Error { error: self.error? },
            _ => return None,
        })
    }
}

/// Of a view: its snapshot or what changed.
#[derive(Deserialize)]
struct Part {
    r#type: String,
    queues: Option<Vec<QueueStatus>>,
    window: Option<JobsWindow>,
    changes: Option<JobsDelta>,
    yard: Option<Yard>,
    schedules: Option<Vec<ScheduleStatus>>,
    limits: Option<Vec<LimitStatus>>,
    operations: Option<Vec<Task>>,
    lines: Option<Vec<LogLine>>,
    services: Option<Services>,
    limiter: Option<LimiterStatus>,
    cache: Option<CacheStatus>,
    pools: Option<Vec<PoolStatus>>,
}

impl Part {
    fn snapshot(self) -> Option<ViewSnapshot> {
        Some(match self.r#type.as_str() {
            "queues" => ViewSnapshot::Queues { queues: self.queues? },
            "jobs" => ViewSnapshot::Jobs { window: self.window? },
            "yard" => ViewSnapshot::Yard { yard: self.yard?.known()? },
            "log" => ViewSnapshot::Log { lines: self.lines? },
            "services" => ViewSnapshot::Services { services: self.services? },
            _ => return None,
        })
    }

    fn delta(self) -> Option<ViewDelta> {
        Some(match self.r#type.as_str() {
            "queues" => ViewDelta::Queues { queues: self.queues? },
            "jobs" => ViewDelta::Jobs { changes: self.changes? },
            "yard" => {
                let operations = match self.operations {
                    Some(operations) => Some(operations_of(operations)?),
                    None => None,
                };
                ViewDelta::Yard { schedules: self.schedules, limits: self.limits, operations }
            }
            "log" => ViewDelta::Log { lines: self.lines? },
            "services" => ViewDelta::Services { limiter: self.limiter, cache: self.cache, pools: self.pools },
            _ => return None,
        })
    }
}

#[derive(Deserialize)]
struct Yard {
    schedules: Vec<ScheduleStatus>,
    limits: Vec<LimitStatus>,
    operations: Vec<Task>,
}

impl Yard {
    fn known(self) -> Option<YardLists> {
        let operations = operations_of(self.operations)?;
        Some(YardLists { schedules: self.schedules, limits: self.limits, operations })
    }
}

fn operations_of(operations: Vec<Task>) -> Option<Vec<Operation>> {
    operations.into_iter().map(Task::known).collect()
}

/// An operation.
#[derive(Deserialize)]
struct Task {
    id: OperationId,
    action: Action,
    filter: JobFilter,
    state: OperationState,
    created_at_ms: i64,
    starts_at_ms: i64,
    finished_at_ms: Option<i64>,
    looked_at: u64,
    to_look_at: u64,
    done: u64,
}

#[derive(Deserialize)]
struct Action {
    r#type: String,
    priority: Option<i16>,
}

impl Task {
    fn known(self) -> Option<Operation> {
        let action = match self.action.r#type.as_str() {
            "cancel" => BulkAction::Cancel {},
            "retry" => BulkAction::Retry {},
            "delete" => BulkAction::Delete {},
            "reprioritise" => BulkAction::Reprioritise { priority: self.action.priority? },
            _ => return None,
        };
        Some(Operation {
            id: self.id,
            action,
            filter: self.filter,
            state: self.state,
            created_at_ms: self.created_at_ms,
            starts_at_ms: self.starts_at_ms,
            finished_at_ms: self.finished_at_ms,
            looked_at: self.looked_at,
            to_look_at: self.to_look_at,
            done: self.done,
        })
    }
}

/// An explanation.
#[derive(Deserialize)]
struct Told {
    job: JobId,
    state: JobState,
    reasons: Vec<Cause>,
    estimated_start_ms: Option<i64>,
}

impl Told {
    fn known(self) -> Option<Explanation> {
        let reasons: Option<Vec<Reason>> = self.reasons.into_iter().map(Cause::known).collect();
        let (job, state, estimated_start_ms) = (self.job, self.state, self.estimated_start_ms);
        Some(Explanation { job, state, reasons: reasons?, estimated_start_ms })
    }
}

/// A reason.
#[derive(Deserialize)]
struct Cause {
    r#type: String,
    /// A list of jobs, or how many.
    jobs: Option<Value>,
    count: Option<u64>,
    job: Option<JobId>,
    run_at_ms: Option<i64>,
    queue: Option<String>,
    slots: Option<u32>,
    held_by: Option<Vec<JobId>>,
    limit: Option<String>,
    key: Option<String>,
    free_at_ms: Option<i64>,
    at_least: Option<bool>,
    kind: Option<String>,
}

impl Cause {
    fn known(self) -> Option<Reason> {
        Some(match self.r#type.as_str() {
            "waits_for" => {
                let jobs = self.jobs?;
                let jobs: Option<Vec<JobId>> =
                    jobs.as_array()?.iter().map(|id| id.as_u64().map(JobId)).collect();
                Reason::WaitsFor { jobs: jobs?, count: self.count? }
            }
            "dependency_failed" => Reason::DependencyFailed { job: self.job? },
            "run_time" => Reason::RunTime { run_at_ms: self.run_at_ms? },
            "queue_paused" => Reason::QueuePaused { queue: self.queue? },
            "no_free_slot" => {
                Reason::NoFreeSlot { queue: self.queue?, slots: self.slots?, held_by: self.held_by? }
            }
            "limited" => Reason::Limited { limit: self.limit?, key: self.key, free_at_ms: self.free_at_ms },
            "behind" => Reason::Behind { jobs: self.jobs?.as_u64()?, at_least: self.at_least? },
            "no_worker" => Reason::NoWorker { kind: self.kind? },
            "stopping" => Reason::Stopping {},
            "store_failing" => Reason::StoreFailing {},
            _ => return None,
        })
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
