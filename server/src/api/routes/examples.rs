//! Examples for the document. A test reads each as the server or a client would.

use serde_json::{Value, json};

/// 2026-01-01T08:00:00Z
const NOW_MS: i64 = 1_767_254_400_000;

pub fn new_job() -> Value {
    json!({
        "kind": "demo",
        "args": { "name": "Say hello", "duration": 3 },
        "priority": 10,
        "delay_ms": 60_000,
        "max_attempts": 5,
        "backoff": { "base_ms": 1000, "max_ms": 60_000 },
        "unique": { "key": "hello", "on_conflict": "existing" },
    })
}

pub fn new_jobs() -> Value {
    json!({
        "mode": "all_or_nothing",
        "batch": "Monday's reports",
        "jobs": [
            { "kind": "demo", "args": { "name": "Fetch" }, "ref": "fetch" },
            { "kind": "demo", "args": { "name": "Report" }, "after": [{ "ref": "fetch" }] },
        ],
    })
}

pub fn jobs_added() -> Value {
    json!({
        "type": "jobs_added",
        "batch": 12,
        "outcomes": [{ "type": "added", "id": 12 }, { "type": "added", "id": 13 }],
    })
}

pub fn jobs_partly_added() -> Value {
    json!({
        "type": "jobs_added",
        "outcomes": [
            { "type": "added", "id": 12 },
            { "type": "existing", "id": 7 },
            { "type": "refused", "error": { "code": "unknown_kind", "message": "there is no kind \"demos\"" } },
        ],
    })
}

pub fn page() -> Value {
    json!({ "rows": [job()], "more": true })
}

fn job() -> Value {
    json!({
        "id": 12,
        "kind": "demo",
        "queue": "demo",
        "name": "Say hello",
        "detail": "3 s",
        "state": "processing",
        "progress": 420,
        "attempt": 1,
        "failures": 0,
        "max_attempts": 3,
        "created_at_ms": NOW_MS,
        "started_at_ms": NOW_MS + 20,
        "finished_at_ms": null,
        "error": null,
    })
}

pub fn explanation() -> Value {
    json!({
        "job": 12,
        "state": "pending",
        "reasons": [
            { "type": "no_free_slot", "queue": "demo", "slots": 2, "held_by": [10, 11] },
            { "type": "behind", "jobs": 4, "at_least": false },
        ],
        "estimated_start_ms": NOW_MS + 9_000,
    })
}

pub fn log() -> Value {
    json!({
        "lines": [
            { "attempt": 1, "number": 1, "at_ms": NOW_MS, "level": "info", "text": "half of it is done" },
        ],
    })
}

pub fn batch() -> Value {
    json!({ "id": 12, "name": "Monday's reports", "created_at_ms": NOW_MS, "counts": counts() })
}

fn counts() -> Value {
    json!({
        "pending": 1, "processing": 2, "completed": 5, "failed": 0, "cancelled": 0, "scheduled": 0, "waiting": 3,
    })
}

pub fn new_operation() -> Value {
    json!({
        "action": { "type": "retry" },
        "filter": { "states": ["failed"], "queue": "demo" },
        "undo_ms": 10_000,
    })
}

pub fn operation(state: &str) -> Value {
    json!({
        "id": 3,
        "action": { "type": "retry" },
        "filter": { "states": ["failed"], "queue": "demo" },
        "state": state,
        "created_at_ms": NOW_MS,
        "starts_at_ms": NOW_MS + 10_000,
        "finished_at_ms": null,
        "looked_at": 0,
        "to_look_at": 40,
        "done": 0,
    })
}

pub fn operation_reply(state: &str) -> Value {
    json!({ "type": "operation", "operation": operation(state) })
}

pub fn queue_change() -> Value {
    json!({
        "concurrency": 4,
        "timeout_ms": null,
        "retention": { "completed": { "max_age_ms": 86_400_000, "max_count": 10_000 } },
    })
}

pub fn queue() -> Value {
    json!({
        "name": "demo",
        "concurrency": 4,
        "paused": false,
        "retention": {
            "completed": { "max_age_ms": 86_400_000, "max_count": 10_000 },
            "failed": { "max_age_ms": 2_592_000_000_u64, "max_count": null },
            "cancelled": { "max_age_ms": 604_800_000, "max_count": null },
        },
        "counts": counts(),
        "stopping": 0,
    })
}

pub fn queue_changed() -> Value {
    json!({ "type": "queue_changed", "queue": queue() })
}

pub fn limit() -> Value {
    json!({
        "name": "per-customer",
        "kind": "http",
        "key": "/headers/customer",
        "concurrency": 2,
        "rate": { "count": 100, "per_ms": 60_000, "burst": 10 },
    })
}

pub fn limit_set() -> Value {
    json!({
        "type": "limit_set",
        "limit": limit_status(),
    })
}

pub fn limit_status() -> Value {
    json!({ "limit": limit(), "keys": 3, "running": 4, "held_back": 17 })
}

pub fn schedule() -> Value {
    json!({
        "name": "nightly-report",
        "cron": "30 2 * * *",
        "zone": "Europe/Berlin",
        "job": { "kind": "demo", "args": { "name": "Nightly report" } },
        "overlap": "skip",
        "missed": "run_once",
    })
}

pub fn schedule_set() -> Value {
    json!({
        "type": "schedule_set",
        "schedule": schedule_status(),
    })
}

pub fn schedule_status() -> Value {
    json!({
        "schedule": schedule(),
        "next_run_at_ms": NOW_MS + 63_000_000,
        "last_run_at_ms": null,
        "last_job": null,
        "skipped": 0,
    })
}

pub fn file() -> Value {
    json!({
        "name": "photo.jpg",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "bytes": 48_213,
        "media_type": "image/jpeg",
    })
}

pub fn services() -> Value {
    json!({
        "limiter": {
            "submissions": { "count": 10_000, "per_ms": 1_000, "burst": 10_000 },
            "keys": 1,
            "max_keys": 1_000_000,
            "allowed": 41,
            "refused": 0,
            "forgotten": 7,
            "latest": [{
                "key": "submit:192.0.2.7",
                "rate": { "count": 10_000, "per_ms": 1_000, "burst": 10_000 },
                "remaining": 9_998,
                "next_at_ms": null,
                "allowed": 41,
                "refused": 0,
                "asked_at_ms": NOW_MS,
            }],
        },
        "cache": {
            "entries": 1,
            "bytes": 310,
            "max_bytes": 67_108_864,
            "hits": 5,
            "misses": 2,
            "shared": 9,
            "evictions": 0,
            "latest": [{
                "key": "rates:EUR",
                "bytes": 310,
                "put_at_ms": NOW_MS,
                "expires_at_ms": NOW_MS + 60_000,
                "hits": 5,
            }],
        },
        "pools": [],
    })
}
