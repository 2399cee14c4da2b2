//! How a job's row begins and changes: the one definition of it, used by every store. What may follow what is
//! [`JobState::may_become`]'s to say; a change that it forbids is not made.

use serde_json::Value;
use taskyard_shared::job::{AttemptOutcome, JobId, JobState, JobSummary, Progress};

use super::ops::{AttemptEnd, JobInsert};

/// Longest error in a row, in characters; the full text is in the job's detail.
const SUMMARY_ERROR_CHARS: usize = 200;

/// What the end of an attempt leaves behind besides the row.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Leftover<'a> {
    pub result: Option<&'a Value>,
    /// In full.
    pub error: Option<&'a str>,
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
}

impl ArchivedOutcome {
    pub fn shown(self) -> AttemptOutcome {
        match self {
            ArchivedOutcome::Failed => AttemptOutcome::Failed,
            ArchivedOutcome::Cancelled => AttemptOutcome::Cancelled,
            ArchivedOutcome::Lost | ArchivedOutcome::Released => AttemptOutcome::Lost,
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

/// A job's row when it has just been stored.
pub(super) fn inserted(id: JobId, job: &JobInsert, now_ms: i64) -> JobSummary {
    JobSummary {
        id,
        kind: job.kind.to_string(),
        queue: job.queue.to_string(),
        name: job.name.clone(),
        detail: job.detail.clone(),
        state: JobState::Pending,
        progress: Progress::NONE,
        attempt: 0,
        created_at_ms: now_ms,
        started_at_ms: None,
        finished_at_ms: None,
        error: None,
    }
}

/// `pending → processing`.
pub(super) fn claim(job: &mut JobSummary, now_ms: i64) -> bool {
    job.state == JobState::Pending && enter(job, JobState::Processing, now_ms) && {
        job.attempt += 1;
        job.progress = Progress::NONE;
        job.started_at_ms = Some(now_ms);
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
        AttemptEnd::Completed { result } => {
            job.progress = Progress::DONE;
            enter(job, JobState::Completed, now_ms)
                .then(|| Leftover { result: Some(result), ..Leftover::default() })
        }
        AttemptEnd::Failed { error } => {
            job.error = Some(summary_error(error));
            enter(job, JobState::Failed, now_ms)
                .then(|| Leftover { error: Some(error), ..Leftover::default() })
        }
        AttemptEnd::Released => {
            job.progress = Progress::NONE;
            enter(job, JobState::Pending, now_ms)
                .then(|| Leftover { archived: Some(ArchivedOutcome::Released), ..Leftover::default() })
        }
    }
}

/// Whether `attempt` is the one that runs now.
pub(super) fn is_running(job: &JobSummary, attempt: u32) -> bool {
    job.state == JobState::Processing && job.attempt == attempt
}

/// `pending | processing → cancelled`.
pub(super) fn cancel(job: &mut JobSummary, now_ms: i64) -> bool {
    enter(job, JobState::Cancelled, now_ms)
}

/// `failed | cancelled → pending`.
pub(super) fn retry(job: &mut JobSummary, now_ms: i64) -> bool {
    job.state.is_finished() && enter(job, JobState::Pending, now_ms) && {
        job.progress = Progress::NONE;
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
        JobState::Pending | JobState::Processing => None,
    }
}
