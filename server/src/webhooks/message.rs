//! What a webhook is told of a job that ended, and the job that tells it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use taskyard_shared::job::{JobState, JobSummary};
use taskyard_shared::new_job::{Backoff, NewJob, OnConflict, Unique};

use super::relay::QUEUE;
use crate::config::WebhookConfig;

/// Attempts of a message: about eleven hours in all.
const MAX_ATTEMPTS: u32 = 20;
const FIRST_WAIT_MS: u64 = 5_000;
const LONGEST_WAIT_MS: u64 = 3_600_000;

/// Whether the webhook asks to be told of this end.
pub(super) fn wants(webhook: &WebhookConfig, job: &JobSummary) -> bool {
    let passes = |list: &[String], own: &String| list.is_empty() || list.contains(own);
    job.queue != QUEUE
        && job.state.is_finished()
        && passes(&webhook.kinds, &job.kind)
        && passes(&webhook.queues, &job.queue)
        && (webhook.states.is_empty() || webhook.states.contains(&job.state))
}

/// The `http` job that tells it. Of the same end there is only one.
pub(super) fn new_job(name: &str, webhook: &WebhookConfig, job: &JobSummary) -> NewJob {
    let at_ms = job.finished_at_ms.unwrap_or_default();
    let args = json!({
        "method": "POST",
        "url": webhook.url,
        "headers": BTreeMap::from([
            ("content-type", "application/json".to_owned()),
            ("webhook-id", format!("{name}-{}-{at_ms}", job.id)),
        ]),
        "body": body(job, at_ms),
        "sign": webhook.secret,
    });
    NewJob {
        queue: Some(QUEUE.to_owned()),
        max_attempts: Some(MAX_ATTEMPTS),
        backoff: Some(Backoff { base_ms: FIRST_WAIT_MS, max_ms: LONGEST_WAIT_MS, ..Backoff::default() }),
        unique: Some(Unique {
            key: Some(format!("webhook:{name}:{}:{}:{at_ms}", job.id, job.attempt)),
            period_ms: None,
            states: Some(JobState::ALL.to_vec()),
            on_conflict: OnConflict::Existing,
        }),
        ..NewJob::new("http", args)
    }
}

/// `{"type": "job.completed", "timestamp": "2027-01-31T09:00:00Z", "data": {…}}`: the job as a list shows it.
fn body(job: &JobSummary, at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    json!({ "type": format!("job.{}", job.state), "timestamp": at.to_string(), "data": job }).to_string()
}
