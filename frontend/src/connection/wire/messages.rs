//! The messages: whatever has a `type`.

use serde_json::Value;
use taskyard_shared::command::Reply;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::explain::Reason;
use taskyard_shared::operation::BulkAction;
use taskyard_shared::view::{ViewDelta, ViewSnapshot};

use super::json::{Read, read_member, read_tagged};

read_tagged! {
    ServerFrame {
        "hello" => Hello { version, server, instance }
        "reply" => Reply { id, reply }
        "snapshot" => Snapshot { view, seq, snapshot }
        "delta" => Delta { view, seq, delta }
        "error" => Error { error }
        "stopping" => Stopping {}
    }
    Reply {
        "job_added" => JobAdded { id, is_new = true }
        "job_cancelled" => JobCancelled { id, was_running }
        "job_retried" => JobRetried { id }
        "job_deleted" => JobDeleted { id }
        "priority_set" => PrioritySet { id, priority }
        "explained" => Explained { explanation }
        "finished_cleared" => FinishedCleared { count }
        "queue_changed" => QueueChanged { queue }
        "job" => Job { detail }
        "kinds" => Kinds { kinds }
        "batch" => Batch { batch }
        "operation" => Operation { operation }
        "limit_set" => LimitSet { limit }
        "limit_removed" => LimitRemoved { name }
        "schedule_set" => ScheduleSet { schedule }
        "schedule_removed" => ScheduleRemoved { name }
        "preview" => Preview { runs_at_ms }
        "yard" => Yard { yard }
        "services" => Services { services }
        "cache_dropped" => CacheDropped { count }
        "watching" => Watching { view }
        "error" => Error { error }
    }
    ViewSnapshot {
        "queues" => Queues { queues }
        "jobs" => Jobs { window }
        "yard" => Yard { yard }
        "log" => Log { lines }
        "services" => Services { services }
    }
    ViewDelta {
        "queues" => Queues { queues }
        "jobs" => Jobs { changes }
        "yard" => Yard { schedules, limits, operations }
        "log" => Log { lines }
        "services" => Services { limiter, cache, pools }
    }
    BulkAction {
        "cancel" => Cancel {}
        "retry" => Retry {}
        "delete" => Delete {}
        "reprioritise" => Reprioritise { priority }
    }
    Reason {
        "expired" => Expired { expired_at_ms }
        "waits_for" => WaitsFor { jobs, count }
        "dependency_failed" => DependencyFailed { job }
        "run_time" => RunTime { run_at_ms }
        "queue_paused" => QueuePaused { queue }
        "no_free_slot" => NoFreeSlot { queue, slots, held_by }
        "limited" => Limited { limit, key, free_at_ms }
        "behind" => Behind { jobs, at_least }
        "no_worker" => NoWorker { kind }
        "stopping" => Stopping {}
        "store_failing" => StoreFailing {}
    }
}
