//! Structs with much that may be left out: some file must show all of it.

use taskyard_shared::job::{AttemptOutcome, DependencyState, JobDetail, JobOptions, JobSummary};
use taskyard_shared::new_job::{After, NewJob};
use taskyard_shared::queue::{QueueChange, QueueStatus};

use super::Seen;

/// Every name that is noted here.
pub const ALL: [&str; 19] = [
    "new job with every option",
    "after a job",
    "after a ref",
    "job with every field",
    "finished job",
    "every option of a job",
    "attempt completed",
    "attempt failed",
    "attempt cancelled",
    "attempt lost",
    "attempt snoozed",
    "dependency open",
    "dependency blocked",
    "dependency met",
    "queue with every field",
    "queue change with every field",
    "queue change that takes defaults away",
    "inputs and artifacts",
    "result of an earlier job",
];

impl Seen {
    pub(super) fn new_job(&mut self, job: &NewJob) {
        let NewJob {
            kind: _,
            queue,
            args,
            priority,
            run_at,
            delay_ms,
            expires_at,
            max_attempts,
            backoff,
            timeout_ms,
            cache_for_ms,
            unique,
            after,
            on_failure,
            name,
        } = job;
        let in_time = run_at.is_some() && delay_ms.is_some() && expires_at.is_some();
        let in_failure = max_attempts.is_some() && backoff.is_some() && timeout_ms.is_some();
        let unique = unique.as_ref().is_some_and(|unique| unique.key.is_some() && unique.period_ms.is_some());
        let beside = queue.is_some() && *priority != 0 && name.is_some() && !args.is_null();
        let beside = beside && cache_for_ms.is_some();
        if in_time && in_failure && unique && beside && !after.is_empty() && !on_failure.is_default() {
            self.note("new job with every option");
        }
        for after in after {
            self.note(match after {
                After::Job(_) => "after a job",
                After::Ref(_) => "after a ref",
            });
        }
    }

    pub(super) fn job(&mut self, job: &JobSummary) {
        let JobSummary {
            id: _,
            kind: _,
            queue: _,
            name: _,
            detail: _,
            state: _,
            progress: _,
            attempt: _,
            failures: _,
            max_attempts: _,
            priority,
            batch,
            created_at_ms: _,
            run_at_ms,
            started_at_ms,
            finished_at_ms,
            error,
        } = job;
        // Nothing that has ended has a time to run.
        if *priority != 0
            && batch.is_some()
            && run_at_ms.is_some()
            && started_at_ms.is_some()
            && error.is_some()
        {
            self.note("job with every field");
        }
        if finished_at_ms.is_some() {
            self.note("finished job");
        }
    }

    pub(super) fn detail(&mut self, detail: &JobDetail) {
        let JobOptions { timeout_ms, cache_for_ms, expires_at_ms, backoff, on_failure, unique_key } =
            &detail.options;
        let in_time = timeout_ms.is_some() && cache_for_ms.is_some() && expires_at_ms.is_some();
        if in_time && !backoff.is_default() && !on_failure.is_default() && unique_key.is_some() {
            self.note("every option of a job");
        }
        if detail.reused.is_some() {
            self.note("result of an earlier job");
        }
        if !detail.inputs.is_empty() && !detail.artifacts.is_empty() {
            self.note("inputs and artifacts");
        }
        for outcome in detail.attempts.iter().filter_map(|attempt| attempt.outcome) {
            self.note(match outcome {
                AttemptOutcome::Completed => "attempt completed",
                AttemptOutcome::Failed => "attempt failed",
                AttemptOutcome::Cancelled => "attempt cancelled",
                AttemptOutcome::Lost => "attempt lost",
                AttemptOutcome::Snoozed => "attempt snoozed",
            });
        }
        for other in detail.after.iter().chain(&detail.before) {
            self.note(match other.state {
                DependencyState::Open => "dependency open",
                DependencyState::Blocked => "dependency blocked",
                DependencyState::Met => "dependency met",
            });
        }
    }

    pub(super) fn queue(&mut self, queue: &QueueStatus) {
        if queue.draining && queue.max_attempts.is_some() && queue.timeout_ms.is_some() {
            self.note("queue with every field");
        }
    }

    pub(super) fn queue_change(&mut self, change: &QueueChange) {
        let QueueChange { paused, draining, concurrency, max_attempts, timeout_ms, retention } = change;
        let switches = paused.is_some() && draining.is_some() && concurrency.is_some();
        let is_whole = switches && retention.is_some();
        match (max_attempts, timeout_ms) {
            (Some(Some(_)), Some(Some(_))) if is_whole => self.note("queue change with every field"),
            (Some(None), Some(None)) => self.note("queue change that takes defaults away"),
            _ => (),
        }
    }
}
