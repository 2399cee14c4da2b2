//! What a job says beside its arguments: when it may run, how often and how long.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use taskyard_shared::error::FieldError;
use taskyard_shared::limits::{IDENTIFIER_RULE, MAX_DELAY_MS, MAX_PRIORITY, is_identifier};
use taskyard_shared::new_job::{Backoff, NewJob};

use super::wrong::{quoted, setting};
use crate::kinds::registry::Kind;
use crate::kinds::retry::{check_attempts, check_backoff, check_cache_for, check_timeout};
use crate::store::KindSays;

const MAX_DELAY: i64 = MAX_DELAY_MS.cast_signed();

/// The job's own settings, and the kind's where it has none.
pub(super) struct Settings {
    pub queue: Arc<str>,
    /// Whether the job named its queue itself.
    names_queue: bool,
    pub priority: i16,
    pub run_at_ms: Option<i64>,
    pub expires_at_ms: Option<i64>,
    pub max_attempts: u32,
    pub timeout_ms: Option<u64>,
    pub cache_for_ms: Option<u64>,
    pub backoff: Backoff,
    pub kind_says: KindSays,
}

impl Settings {
    /// Where something is wrong, that is added to `wrong`, and what is answered is of no use.
    pub fn read(job: &NewJob, kind: &Kind, now_ms: i64, wrong: &mut Vec<FieldError>) -> Self {
        let info = kind.worker.info();
        wrong.extend(wrong_numbers(job));
        let run_at_ms = run_at(job, now_ms).map_err(|error| wrong.push(error)).ok().flatten();
        let expires_at_ms =
            expires_at(job, run_at_ms, now_ms).map_err(|error| wrong.push(error)).ok().flatten();
        Settings {
            queue: queue(job, kind).map_err(|error| wrong.push(error)).unwrap_or_default(),
            names_queue: job.queue.is_some(),
            priority: job.priority,
            run_at_ms,
            expires_at_ms,
            max_attempts: job.max_attempts.unwrap_or(info.max_attempts),
            timeout_ms: job.timeout_ms.or(info.timeout_ms),
            cache_for_ms: job.cache_for_ms.or(info.cache_for_ms).filter(|ms| *ms > 0),
            backoff: job.backoff.unwrap_or(info.backoff),
            kind_says: KindSays {
                max_attempts: job.max_attempts.is_none(),
                timeout: job.timeout_ms.is_none(),
            },
        }
    }

    /// The job's queue, where its arguments allow only these; an empty list allows all. Where it is not among them,
    /// that is added to `wrong`.
    pub fn queue_among(&self, allowed: &[String], wrong: &mut Vec<FieldError>) -> Arc<str> {
        match allowed {
            [first, ..] if !self.names_queue => first.as_str().into(),
            [_, ..] if allowed.iter().all(|name| **name != *self.queue) => {
                let may = allowed.join(", ");
                wrong.push(setting("queue", format!("must be one of {may} with these arguments")));
                Arc::clone(&self.queue)
            }
            _ => Arc::clone(&self.queue),
        }
    }
}

fn queue(job: &NewJob, kind: &Kind) -> Result<Arc<str>, FieldError> {
    match job.queue.as_deref() {
        None => Ok(Arc::clone(&kind.queue)),
        Some(name) if is_identifier(name) => Ok(name.into()),
        Some(_) => Err(setting("queue", format!("must be a name of {IDENTIFIER_RULE}"))),
    }
}

fn wrong_numbers(job: &NewJob) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    if !(-MAX_PRIORITY..=MAX_PRIORITY).contains(&job.priority) {
        wrong.push(setting("priority", format!("must be -{MAX_PRIORITY} to {MAX_PRIORITY}")));
    }
    let mut note = |field: &str, message| wrong.push(FieldError { field: format!("${field}"), message });
    if let Some(Err(message)) = job.max_attempts.map(check_attempts) {
        note("max_attempts", message);
    }
    if let Some(Err(message)) = job.timeout_ms.map(check_timeout) {
        note("timeout_ms", message);
    }
    if let Some(Err(message)) = job.cache_for_ms.map(check_cache_for) {
        note("cache_for_ms", message);
    }
    if let Some(Err((field, says))) = job.backoff.as_ref().map(check_backoff) {
        note(&format!("backoff/{field}"), format!("{field} {says}"));
    }
    wrong
}

/// None: at once. A time that is over counts as that.
fn run_at(job: &NewJob, now_ms: i64) -> Result<Option<i64>, FieldError> {
    let at_ms = match (&job.run_at, job.delay_ms) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(setting("delay_ms", "and run_at cannot both be given")),
        (Some(text), None) => time("run_at", text, now_ms)?,
        (None, Some(delay_ms)) => match i64::try_from(delay_ms) {
            Ok(delay_ms @ ..=MAX_DELAY) => now_ms.saturating_add(delay_ms),
            _ => return Err(setting("delay_ms", format!("must be 0 to {MAX_DELAY_MS}"))),
        },
    };
    Ok((at_ms > now_ms).then_some(at_ms))
}

fn expires_at(job: &NewJob, run_at_ms: Option<i64>, now_ms: i64) -> Result<Option<i64>, FieldError> {
    let Some(text) = &job.expires_at else { return Ok(None) };
    let at_ms = time("expires_at", text, now_ms)?;
    if at_ms <= now_ms {
        return Err(setting("expires_at", "is over already"));
    }
    if run_at_ms.is_some_and(|run_at_ms| at_ms <= run_at_ms) {
        return Err(setting("expires_at", "must be later than the time at which the job may run"));
    }
    Ok(Some(at_ms))
}

/// In milliseconds since the Unix epoch; at most ten years from now.
fn time(field: &str, text: &str, now_ms: i64) -> Result<i64, FieldError> {
    let too_late = || setting(field, "must not be more than ten years from now");
    let at: Timestamp = text.trim().parse().map_err(|_| {
        if is_a_time(text.trim()) {
            return too_late();
        }
        let says =
            format!("is {}; it must be a time with its zone such as 2027-01-31T09:00:00Z", quoted(text));
        setting(field, says)
    })?;
    let at_ms = at.as_millisecond();
    if at_ms.saturating_sub(now_ms) <= MAX_DELAY { Ok(at_ms) } else { Err(too_late()) }
}

/// Whether the text is a time with its zone: one that is out of the clock's range, as the last day of the year 9999 is.
fn is_a_time(text: &str) -> bool {
    Pieces::parse(text).is_ok_and(|pieces| pieces.time().is_some() && pieces.offset().is_some())
}
