//! Counters in the text format of Prometheus.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::{HttpResponse, web};
use taskyard_shared::job::JobState;

use super::problem::Problem;
use crate::Yard;
use crate::pubsub::PubSubCounters;

pub fn configure(config: &mut web::ServiceConfig) {
    config.route("/metrics", web::get().to(show));
}

async fn show(yard: web::Data<Yard>) -> Result<HttpResponse, Problem> {
    let queues = yard.queues().await?;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_metrics(&mut text, &yard, &queues);
    if let Some(pubsub) = yard.pubsub_counters().await {
        let _ = write_pubsub(&mut text, &pubsub);
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

fn write_metrics(
    out: &mut String,
    yard: &Yard,
    queues: &[taskyard_shared::queue::QueueStatus],
) -> fmt::Result {
    writeln!(out, "# HELP taskyard_jobs Jobs by queue and state.\n# TYPE taskyard_jobs gauge")?;
    for queue in queues {
        for state in JobState::ALL {
            let count = queue.counts[state];
            writeln!(out, "taskyard_jobs{{queue=\"{}\",state=\"{state}\"}} {count}", queue.name)?;
        }
    }
    writeln!(out, "# HELP taskyard_stopping Slots held by cancelled work.\n# TYPE taskyard_stopping gauge")?;
    for queue in queues {
        writeln!(out, "taskyard_stopping{{queue=\"{}\"}} {}", queue.name, queue.stopping)?;
    }
    let writer = yard.writer_counters();
    let live = yard.live_counters();
    counter(out, "taskyard_store_commits_total", "Transactions of the store.", writer.commits)?;
    counter(out, "taskyard_store_operations_total", "Operations in them.", writer.ops)?;
    counter(out, "taskyard_refused_requests_total", "Too much waited for the store.", yard.refused())?;
    counter(out, "taskyard_store_refused_operations_total", "Operations refused.", writer.failed_ops)?;
    counter(
        out,
        "taskyard_part_failures_recent",
        "Panics and failures of supervised parts within the restart budget's time.",
        yard.supervision().recent_failures() as u64,
    )?;
    for (name, help, value) in live.readings() {
        counter(out, &format!("taskyard_live_{name}"), help, value)?;
    }
    Ok(())
}

fn write_pubsub(out: &mut String, counters: &PubSubCounters) -> fmt::Result {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    counter(out, "taskyard_pubsub_published_total", "Commits passed on.", read(&counters.published))?;
    let skipped = read(&counters.skipped);
    counter(out, "taskyard_pubsub_skipped_total", "Commits a full subscriber had to reload.", skipped)?;
    counter(out, "taskyard_pubsub_restarts_total", "Restarts after a panic.", read(&counters.restarts))
}

fn counter(out: &mut String, name: &str, help: &str, value: u64) -> fmt::Result {
    let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}")
}
