//! Counters and gauges in the text format of Prometheus.

use std::fmt::{self, Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{HttpResponse, web};
use taskyard_shared::job::JobState;
use taskyard_shared::operation::OperationState;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::service::{PoolStatus, Services};
use taskyard_shared::view::YardLists;

use super::problem::Problem;
use super::request::SlowBodies;
use crate::Yard;
use crate::pubsub::PubSubCounters;

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(show));
}

async fn show(yard: web::Data<Yard>, slow: web::Data<SlowBodies>) -> Result<HttpResponse, Problem> {
    let (queues, lists) = (yard.queues().await?, yard.lists().await?);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_queues(&mut text, &queues);
    let _ = write_lists(&mut text, &lists);
    let _ = write_parts(&mut text, &yard);
    if let Ok(services) = yard.services().status().await {
        let _ = write_services(&mut text, &services);
    }
    let help = "Requests given up because nothing more of their bodies came.";
    let _ = single(&mut text, "taskyard_http_slow_bodies_total", help, slow.count());
    if let Some(pubsub) = yard.pubsub_counters().await {
        let _ = write_pubsub(&mut text, &pubsub);
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn write_queues(out: &mut String, queues: &[QueueStatus]) -> fmt::Result {
    head(out, "taskyard_jobs", "Jobs by queue and state.")?;
    for queue in queues {
        for state in JobState::ALL {
            let count = queue.counts[state];
            writeln!(out, "taskyard_jobs{{queue=\"{}\",state=\"{state}\"}} {count}", queue.name)?;
        }
    }
    let of = |read: fn(&QueueStatus) -> u64| queues.iter().map(move |queue| (&queue.name, read(queue)));
    labelled(
        out,
        "taskyard_stopping",
        "Slots held by cancelled work.",
        "queue",
        of(|it| it.stopping.into()),
    )?;
    let most = "Most jobs of a queue at work at the same time.";
    labelled(out, "taskyard_queue_concurrency", most, "queue", of(|it| it.concurrency.into()))?;
    labelled(out, "taskyard_queue_paused", "1: nothing new starts.", "queue", of(|it| it.paused.into()))?;
    labelled(out, "taskyard_queue_draining", "1: takes no more jobs.", "queue", of(|it| it.draining.into()))
}

fn write_lists(out: &mut String, lists: &YardLists) -> fmt::Result {
    let limits = || lists.limits.iter().map(|limit| (&limit.limit.name, limit));
    let running = limits().map(|(name, limit)| (name, limit.running));
    labelled(out, "taskyard_limit_running", "Jobs at work that count towards it.", "limit", running)?;
    let held_back = limits().map(|(name, limit)| (name, limit.held_back));
    labelled(out, "taskyard_limit_held_back", "Pending jobs that it holds back.", "limit", held_back)?;
    let keys = limits().map(|(name, limit)| (name, limit.keys));
    labelled(out, "taskyard_limit_keys", "Keys in use or holding jobs back.", "limit", keys)?;
    let paused = lists.schedules.iter().filter(|schedule| schedule.schedule.paused).count();
    let by_state = [("active", lists.schedules.len() - paused), ("paused", paused)];
    let by_state = by_state.map(|(state, count)| (state, count as u64));
    labelled(out, "taskyard_schedules", "Schedules.", "state", by_state)?;
    let skipped = lists.schedules.iter().map(|schedule| (&schedule.schedule.name, schedule.skipped));
    let why = "Runs that added nothing: overlap, or a unique key.";
    labelled(out, "taskyard_schedule_skipped_total", why, "schedule", skipped)?;
    let is_open = |state| matches!(state, OperationState::Waiting | OperationState::Running);
    let open = lists.operations.iter().filter(|operation| is_open(operation.state)).count();
    single(out, "taskyard_operations_open", "Operations that wait or run.", open as u64)
}

fn write_parts(out: &mut String, yard: &Yard) -> fmt::Result {
    let writer = yard.writer_counters();
    let live = yard.live_counters();
    single(out, "taskyard_store_commits_total", "Transactions of the store.", writer.commits)?;
    single(out, "taskyard_store_operations_total", "Operations in them.", writer.ops)?;
    single(out, "taskyard_refused_requests_total", "Too much waited for the store.", yard.refused())?;
    single(out, "taskyard_store_refused_operations_total", "Operations refused.", writer.failed_ops)?;
    single(
        out,
        "taskyard_part_failures_recent",
        "Panics and failures of supervised parts within the restart budget's time.",
        yard.supervision().recent_failures() as u64,
    )?;
    single(out, "taskyard_takes_jobs", "0: the server is stopping.", yard.takes_jobs().into())?;
    for (name, help, value) in live.readings() {
        single(out, &format!("taskyard_live_{name}"), help, value)?;
    }
    Ok(())
}

fn write_pubsub(out: &mut String, counters: &PubSubCounters) -> fmt::Result {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    single(out, "taskyard_pubsub_published_total", "Commits passed on.", read(&counters.published))?;
    let skipped = read(&counters.skipped);
    single(out, "taskyard_pubsub_skipped_total", "Commits a full subscriber had to reload.", skipped)?;
    single(out, "taskyard_pubsub_restarts_total", "Restarts after a panic.", read(&counters.restarts))
}

fn write_services(out: &mut String, services: &Services) -> fmt::Result {
    let (limiter, cache) = (&services.limiter, &services.cache);
    single(out, "taskyard_limiter_keys", "Keys that the rate limiter remembers.", limiter.keys)?;
    let checks = [("allowed", limiter.allowed), ("refused", limiter.refused)];
    labelled(out, "taskyard_limiter_checks_total", "Checks of the rate limiter.", "verdict", checks)?;
    single(out, "taskyard_cache_entries", "Entries of the cache.", cache.entries)?;
    single(out, "taskyard_cache_bytes", "What they weigh.", cache.bytes)?;
    let asked = [("hit", cache.hits), ("miss", cache.misses), ("shared", cache.shared)];
    labelled(out, "taskyard_cache_asked_total", "Values that were asked for.", "outcome", asked)?;
    single(out, "taskyard_cache_evictions_total", "Entries let go for want of room.", cache.evictions)?;
    write_pools(out, &services.pools)
}

fn write_pools(out: &mut String, pools: &[PoolStatus]) -> fmt::Result {
    let of = |read: fn(&PoolStatus) -> u64| pools.iter().map(move |pool| (&pool.name, read(pool)));
    labelled(out, "taskyard_pool_connections", "Open connections.", "pool", of(|pool| pool.size.into()))?;
    labelled(out, "taskyard_pool_in_use", "Connections in use.", "pool", of(|pool| pool.users.len() as u64))?;
    labelled(out, "taskyard_pool_waiting", "Who waits for one.", "pool", of(|pool| pool.waiting.into()))?;
    labelled(
        out,
        "taskyard_pool_checkouts_total",
        "Connections handed out.",
        "pool",
        of(|pool| pool.checkouts),
    )?;
    let why = "Connections not made or found broken, and waits in vain.";
    labelled(out, "taskyard_pool_errors_total", why, "pool", of(|pool| pool.errors))
}

/// Readings with one label each. Its values need no quoting: names are identifiers.
fn labelled<V: Display>(
    out: &mut String,
    name: &str,
    help: &str,
    label: &str,
    readings: impl IntoIterator<Item = (V, u64)>,
) -> fmt::Result {
    head(out, name, help)?;
    for (value, reading) in readings {
        writeln!(out, "{name}{{{label}=\"{value}\"}} {reading}")?;
    }
    Ok(())
}

fn single(out: &mut String, name: &str, help: &str, value: u64) -> fmt::Result {
    head(out, name, help)?;
    writeln!(out, "{name} {value}")
}

fn head(out: &mut String, name: &str, help: &str) -> fmt::Result {
    let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

#[cfg(test)]
mod tests {
    use taskyard_shared::limit::{Limit, LimitStatus};
    use taskyard_shared::queue::{Retention, StateCounts};

    use super::*;

    fn queue() -> QueueStatus {
        QueueStatus {
            name: "mail".to_owned(),
            concurrency: 4,
            paused: true,
            draining: false,
            max_attempts: None,
            timeout_ms: None,
            retention: Retention::default(),
            counts: StateCounts { scheduled: 5, waiting: 6, ..StateCounts::default() },
            stopping: 1,
        }
    }

    fn limit() -> LimitStatus {
        let limit = Limit {
            name: "per-customer".to_owned(),
            queue: Some("mail".to_owned()),
            kind: None,
            key: None,
            concurrency: Some(1),
            rate: None,
        };
        LimitStatus { limit, keys: 2, running: 3, held_back: 17 }
    }

    #[test]
    fn every_state_of_a_queue_and_what_limits_hold_back_is_counted() {
        let mut text = String::new();
        write_queues(&mut text, &[queue()]).expect("written");
        let lists = YardLists { limits: vec![limit()], ..YardLists::default() };
        write_lists(&mut text, &lists).expect("written");
        for line in [
            "taskyard_jobs{queue=\"mail\",state=\"scheduled\"} 5",
            "taskyard_jobs{queue=\"mail\",state=\"waiting\"} 6",
            "taskyard_jobs{queue=\"mail\",state=\"failed\"} 0",
            "taskyard_stopping{queue=\"mail\"} 1",
            "taskyard_queue_concurrency{queue=\"mail\"} 4",
            "taskyard_queue_paused{queue=\"mail\"} 1",
            "taskyard_limit_held_back{limit=\"per-customer\"} 17",
            "taskyard_limit_running{limit=\"per-customer\"} 3",
            "taskyard_schedules{state=\"active\"} 0",
            "# TYPE taskyard_schedule_skipped_total counter",
            "taskyard_operations_open 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn every_reading_has_its_type_said_once_before() {
        let mut text = String::new();
        write_queues(&mut text, &[queue(), QueueStatus { name: "other".to_owned(), ..queue() }])
            .expect("written");
        let mut types = Vec::new();
        for line in text.lines() {
            if let Some(typed) = line.strip_prefix("# TYPE ") {
                types.push(typed.split(' ').next().unwrap_or_default());
            } else if !line.starts_with('#') {
                assert_eq!(line.split('{').next(), types.last().copied(), "{line}");
            }
        }
        assert_eq!(types.len(), 5);
    }
}
