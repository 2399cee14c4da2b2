//! What the messages are about.

use serde_json::{Map, Value};
use taskyard_shared::batch::BatchStatus;
use taskyard_shared::error::{FieldError, WireError};
use taskyard_shared::explain::Explanation;
use taskyard_shared::job::{Attempt, Dependency, FileRef, JobDetail, JobOptions, JobSummary};
use taskyard_shared::kind::KindInfo;
use taskyard_shared::limit::{Limit, LimitStatus, Rate};
use taskyard_shared::log::LogLine;
use taskyard_shared::new_job::{After, Backoff, BackoffCurve, NewJob, OnConflict, OnFailure, Unique};
use taskyard_shared::operation::Operation;
use taskyard_shared::queue::{Keep, QueueStatus, Retention, StateCounts};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};
use taskyard_shared::service::{
    CacheEntry, CacheStatus, LimiterKey, LimiterStatus, PoolError, PoolStatus, PoolUser, Services,
};
use taskyard_shared::view::{JobFilter, JobsDelta, JobsWindow, YardLists};

use super::json::{Read, member, read_member, read_structs};

read_structs! {
    WireError { code, message, fields = Vec::new(), retry_after_ms }
    FieldError { field, message }

    Services { limiter, cache, pools }
    LimiterStatus { submissions, keys, max_keys, allowed, refused, forgotten, latest }
    LimiterKey { key, rate, remaining, next_at_ms, allowed, refused, asked_at_ms }
    CacheStatus { entries, bytes, max_bytes, hits, misses, shared, evictions, latest }
    CacheEntry { key, bytes, put_at_ms, expires_at_ms, hits, job }
    PoolStatus {
        name,
        kind,
        target,
        max_size,
        size,
        idle,
        users,
        waiting,
        checkouts,
        errors,
        last_error,
    }
    PoolUser { job, since_ms }
    PoolError { at_ms, message }

    JobsWindow { rows, offset, total, more }
    JobsDelta { removed = Vec::new(), changed = Vec::new(), progress = Vec::new(), total, more }
    JobFilter { states = Vec::new(), kind, queue, batch, text = String::new() }
    JobSummary {
        id,
        kind,
        queue,
        name,
        detail,
        state,
        progress,
        attempt,
        failures,
        max_attempts,
        priority = 0,
        batch,
        created_at_ms,
        run_at_ms,
        started_at_ms,
        finished_at_ms,
        error,
    }
    JobDetail { job, args, result, reused, error, attempts, inputs, artifacts, options, after, before }
    JobOptions {
        timeout_ms,
        cache_for_ms,
        expires_at_ms,
        backoff = Backoff::default(),
        on_failure = OnFailure::default(),
        unique_key,
    }
    Attempt { number, started_at_ms, ended_at_ms, outcome, error }
    Dependency { job, state }
    FileRef { name, sha256, bytes, media_type }
    LogLine { attempt, number, at_ms, level, text }
    Explanation { job, state, reasons, estimated_start_ms }
    BatchStatus { id, name, created_at_ms, counts }

    KindInfo { kind, description, queue, max_attempts, backoff, timeout_ms, cache_for_ms, args_schema }
    Backoff { curve = BackoffCurve::default(), base_ms, max_ms = 3_600_000, jitter_percent = 10 }
    NewJob {
        kind,
        queue,
        args = Value::Object(Map::new()),
        priority = 0,
        run_at,
        delay_ms,
        expires_at,
        max_attempts,
        backoff,
        timeout_ms,
        cache_for_ms,
        unique,
        after = Vec::new(),
        on_failure = OnFailure::default(),
        name["ref"],
    }
    Unique { key, period_ms, states, on_conflict = OnConflict::default() }

    QueueStatus {
        name,
        concurrency,
        paused,
        draining = false,
        max_attempts,
        timeout_ms,
        retention = Retention::default(),
        counts,
        stopping,
    }
    StateCounts { pending, processing, completed, failed, cancelled, scheduled = 0, waiting = 0 }
    Retention {
        completed = Retention::default().completed,
        failed = Retention::default().failed,
        cancelled = Retention::default().cancelled,
    }
    Keep { max_age_ms, max_count }

    YardLists { schedules, limits, operations }
    ScheduleStatus { schedule, next_run_at_ms, last_run_at_ms, last_job, skipped }
    Schedule {
        name,
        cron,
        zone = "UTC".to_owned(),
        job,
        overlap = Overlap::default(),
        missed = Missed::default(),
        paused = false,
    }
    LimitStatus { limit, keys, running, held_back }
    Limit { name, queue, kind, key, concurrency, rate }
    Rate { count, per_ms, burst = 1 }
    Operation {
        id,
        action,
        filter,
        state,
        created_at_ms,
        starts_at_ms,
        finished_at_ms,
        looked_at,
        to_look_at,
        done,
    }
}

impl Read for After {
    fn read(value: &Value) -> Option<Self> {
        member(value, "job").map(After::Job).or_else(|| member(value, "ref").map(After::Ref))
    }
}
