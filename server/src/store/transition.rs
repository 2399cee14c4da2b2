//! How a job's row begins and changes: the one definition of it, used by every store. What may follow what is
//! [`JobState::may_become`]'s to say; a change that it forbids is not made.

use serde_json::Value;
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{AttemptOutcome, JobId, JobState, JobSummary, Progress};

use super::ops::{AfterFailure, AttemptEnd, JobInsert};

/// Longest error in a row, in characters; the full text is in the job's detail.
const SUMMARY_ERROR_CHARS: usize = 200;

/// What the end of an attempt leaves behind besides the row.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Leftover<'a> {
    pub result: Option<&'a Value>,
    /// The earlier job whose result it is.
    pub reused: Option<JobId>,
    /// In full.
    pub error: Option<&'a str>,
    /// Why the job put itself off: kept with the attempt, and shown as its error.
    pub reason: Option<&'a str>,
    /// Set when the job may run again, so that the attempt must be kept apart from the row.
    pub archived: Option<ArchivedOutcome>,
}

/// How an attempt ended that is not the job's last word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArchivedOutcome {
    Failed,
    Cancelled,
    /// The process that ran it died.
    Lost,
    /// Shown as lost, but not held against the job.
    Released,
    Snoozed,
}

impl ArchivedOutcome {
    pub fn shown(self) -> AttemptOutcome {
        match self {
            ArchivedOutcome::Failed => AttemptOutcome::Failed,
            ArchivedOutcome::Cancelled => AttemptOutcome::Cancelled,
            ArchivedOutcome::Lost | ArchivedOutcome::Released => AttemptOutcome::Lost,
            ArchivedOutcome::Snoozed => AttemptOutcome::Snoozed,
        }
    }
}

/// The first characters of an error, as a row shows it.
pub(super) fn summary_error(full: &str) -> String {
    match full.char_indices().nth(SUMMARY_ERROR_CHARS) {
        Some((end, _)) => full[..end].to_owned(),
        None => full.to_owned(),
    }
}

/// The state in which a job begins. (A job that waits leaves `waiting` when the last of those has ended, even where
/// they had all ended when it was stored: a `Resolve` tells it.)
pub(super) fn first_state(job: &JobInsert, now_ms: i64) -> JobState {
    if job.after.is_empty() { ready_state(job.run_at_ms, now_ms) } else { JobState::Waiting }
}

/// The state of a job that waits for no other job.
pub(super) fn ready_state(run_at_ms: Option<i64>, now_ms: i64) -> JobState {
    if run_at_ms.is_some_and(|at_ms| at_ms > now_ms) { JobState::Scheduled } else { JobState::Pending }
}

/// A job's row when it has just been stored.
pub(super) fn inserted(id: JobId, job: &JobInsert, batch: Option<BatchId>, now_ms: i64) -> JobSummary {
    JobSummary {
        id,
        kind: job.kind.to_string(),
        queue: job.queue.to_string(),
        name: job.name.clone(),
        detail: job.detail.clone(),
        state: first_state(job, now_ms),
        progress: Progress::NONE,
        attempt: 0,
        failures: 0,
        max_attempts: job.max_attempts,
        priority: job.priority,
        batch,
        created_at_ms: now_ms,
        run_at_ms: job.run_at_ms,
        started_at_ms: None,
        finished_at_ms: None,
        error: None,
    }
}

/// A job that has not begun gets what another one brings that has its unique key: name, priority, run time and
/// attempts here; arguments and options besides. It keeps its queue, batch, and what it waits for.
pub(super) fn replace(job: &mut JobSummary, by: &JobInsert, now_ms: i64) -> bool {
    let next = match job.state {
        JobState::Waiting => JobState::Waiting,
        _ => ready_state(by.run_at_ms, now_ms),
    };
    if !job.state.is_first() || (next != job.state && !job.state.may_become(next)) {
        return false;
    }
    job.state = next;
    job.name.clone_from(&by.name);
    job.detail.clone_from(&by.detail);
    job.priority = by.priority;
    job.run_at_ms = by.run_at_ms;
    job.max_attempts = by.max_attempts;
    true
}

/// `scheduled → pending`, when its time has come or a person wants it now.
pub(super) fn promote(job: &mut JobSummary, now_ms: i64) -> bool {
    job.state == JobState::Scheduled && enter(job, JobState::Pending, now_ms) && {
        job.run_at_ms = None;
        true
    }
}

/// `waiting → pending | scheduled`: all that it waits for has ended well enough.
pub(super) fn stop_waiting(job: &mut JobSummary, now_ms: i64) -> bool {
    let next = ready_state(job.run_at_ms, now_ms);
    job.state == JobState::Waiting && enter(job, next, now_ms) && {
        if next == JobState::Pending {
            job.run_at_ms = None;
        }
        true
    }
}

/// `waiting → cancelled`: `on`, which it waits for, did not complete.
pub(super) fn cancel_after(job: &mut JobSummary, on: JobId, was_deleted: bool, now_ms: i64) -> bool {
    let happened = if was_deleted { "was deleted" } else { "did not complete" };
    job.state == JobState::Waiting && enter(job, JobState::Cancelled, now_ms) && {
        job.error = Some(format!("job {on}, which it comes after, {happened}"));
        true
    }
}

/// `pending → cancelled`: it was not started in time.
pub(super) fn expire(job: &mut JobSummary, now_ms: i64) -> bool {
    job.state == JobState::Pending && enter(job, JobState::Cancelled, now_ms) && {
        job.error = Some("it was not started before the time after which it is of no use".to_owned());
        true
    }
}

/// `pending → processing`.
pub(super) fn claim(job: &mut JobSummary, now_ms: i64) -> bool {
    job.state == JobState::Pending && enter(job, JobState::Processing, now_ms) && {
        job.attempt += 1;
        job.progress = Progress::NONE;
        job.started_at_ms = Some(now_ms);
        job.run_at_ms = None;
        job.error = None;
        true
    }
}

/// Ends the job's running attempt. None, and nothing changed, when `attempt` is not running.
pub(super) fn finish<'a>(
    job: &mut JobSummary,
    attempt: u32,
    end: &'a AttemptEnd,
    now_ms: i64,
) -> Option<Leftover<'a>> {
    if !is_running(job, attempt) {
        return None;
    }
    match end {
        AttemptEnd::Completed { result, reused } => {
            job.progress = Progress::DONE;
            enter(job, JobState::Completed, now_ms).then(|| Leftover {
                result: Some(result),
                reused: *reused,
                ..Leftover::default()
            })
        }
        AttemptEnd::Failed { error, then } => {
            job.error = Some(summary_error(error));
            job.failures += 1;
            match then {
                AfterFailure::Retry { at_ms } => put_off(job, *at_ms, now_ms).then(|| Leftover {
                    error: Some(error),
                    archived: Some(ArchivedOutcome::Failed),
                    ..Leftover::default()
                }),
                AfterFailure::Final | AfterFailure::Undecided | AfterFailure::NotBefore { .. } => {
                    enter(job, JobState::Failed, now_ms)
                        .then(|| Leftover { error: Some(error), ..Leftover::default() })
                }
            }
        }
        AttemptEnd::Snoozed { until_ms, reason } => put_off(job, *until_ms, now_ms).then(|| Leftover {
            archived: Some(ArchivedOutcome::Snoozed),
            reason: Some(reason),
            ..Leftover::default()
        }),
        AttemptEnd::Released => {
            job.progress = Progress::NONE;
            enter(job, JobState::Pending, now_ms)
                .then(|| Leftover { archived: Some(ArchivedOutcome::Released), ..Leftover::default() })
        }
    }
}

/// `processing → scheduled`.
fn put_off(job: &mut JobSummary, until_ms: i64, now_ms: i64) -> bool {
    job.progress = Progress::NONE;
    job.run_at_ms = Some(until_ms);
    enter(job, JobState::Scheduled, now_ms)
}

/// Whether `attempt` is the one that runs now.
pub(super) fn is_running(job: &JobSummary, attempt: u32) -> bool {
    job.state == JobState::Processing && job.attempt == attempt
}

/// Whatever has not ended `→ cancelled`.
pub(super) fn cancel(job: &mut JobSummary, now_ms: i64) -> bool {
    enter(job, JobState::Cancelled, now_ms)
}

/// `failed | cancelled → pending`, or `waiting` where it still `waits` for other jobs; `scheduled → pending`.
pub(super) fn retry(job: &mut JobSummary, waits: bool, now_ms: i64) -> bool {
    if job.state == JobState::Scheduled {
        return promote(job, now_ms);
    }
    let next = if waits { JobState::Waiting } else { JobState::Pending };
    job.state.is_finished() && enter(job, next, now_ms) && {
        job.progress = Progress::NONE;
        job.failures = 0;
        job.run_at_ms = None;
        true
    }
}

/// The process that ran the job died, for the `losses`th time. Gives the error when that was once too often.
pub(super) fn lose(job: &mut JobSummary, losses: u32, max_losses: u32, now_ms: i64) -> Option<String> {
    if losses < max_losses {
        job.progress = Progress::NONE;
        enter(job, JobState::Pending, now_ms);
        return None;
    }
    let times = if losses == 1 { "once".to_owned() } else { format!("{losses} times") };
    let error = format!(
        "the server died {times} while this job ran, so it is not run again by itself; \
         retry it by hand once the cause is known"
    );
    job.error = Some(summary_error(&error));
    enter(job, JobState::Failed, now_ms);
    Some(error)
}

fn enter(job: &mut JobSummary, next: JobState, now_ms: i64) -> bool {
    if !job.state.may_become(next) {
        return false;
    }
    job.state = next;
    job.finished_at_ms = next.is_finished().then_some(now_ms);
    true
}

/// The outcome of the latest attempt of a job in `state`, where the row itself tells it. None: it runs.
pub(super) fn outcome_of_row(state: JobState) -> Option<AttemptOutcome> {
    match state {
        JobState::Completed => Some(AttemptOutcome::Completed),
        JobState::Failed => Some(AttemptOutcome::Failed),
        JobState::Cancelled => Some(AttemptOutcome::Cancelled),
        JobState::Pending | JobState::Processing | JobState::Scheduled | JobState::Waiting => None,
    }
}
