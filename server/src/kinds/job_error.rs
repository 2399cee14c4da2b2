//! Why an attempt did not complete, and how its job goes on from there.

use std::any::Any;
use std::time::Duration;

use taskyard_shared::limits::MAX_DELAY_MS;

use crate::store::{AfterFailure, AttemptEnd};
use crate::supervision::panic_text;

/// Shortest time that a job may be put off for, by [`JobError::retry_after`] or [`JobError::snooze`].
const MIN_WAIT_MS: u64 = 1_000;

/// Why an attempt did not complete. Made from any error with `?`, or from a sentence with [`JobError::new`]; then it
/// is a failure, and the job is tried again after its backoff as long as it has attempts left.
#[derive(Debug)]
pub struct JobError {
    pub message: String,
    then: Then,
}

/// How the job goes on. Times in milliseconds, within the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Backoff,
    GiveUp,
    RetryAfter(u64),
    Snooze(u64),
}

impl JobError {
    pub fn new(message: impl Into<String>) -> Self {
        JobError { message: message.into(), then: Then::Backoff }
    }

    /// Not a failure: the work asks to be run again when `wait` has passed, and gives the reason. The new attempt does
    /// not count against the job's attempts. `wait` is a second to [`MAX_DELAY_MS`]; what lies outside counts as the
    /// nearer end.
    pub fn snooze(wait: Duration, reason: impl Into<String>) -> Self {
        JobError { message: reason.into(), then: Then::Snooze(bounded_ms(wait)) }
    }

    /// The job has failed, however many attempts it has left: another one would fail as well.
    #[must_use]
    pub fn do_not_retry(self) -> Self {
        JobError { then: Then::GiveUp, ..self }
    }

    /// A failure like any other, but the next attempt does not begin before `wait` has passed, even where the backoff
    /// is shorter. `wait` is bounded as in [`JobError::snooze`].
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        JobError { then: Then::RetryAfter(bounded_ms(wait)), ..self }
    }

    /// Whether another attempt would fail as well.
    pub fn is_final(&self) -> bool {
        self.then == Then::GiveUp
    }

    /// Says what the error is about: `picture 3: the picture is damaged`.
    #[must_use]
    pub fn about(self, what: &str) -> Self {
        JobError { message: format!("{what}: {}", self.message), ..self }
    }

    /// The work panicked, wherever it ran.
    pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Self {
        JobError::new(format!("panicked: {}", panic_text(panic)))
    }

    /// What an attempt comes to that ended like this at `now_ms`.
    pub(crate) fn into_end(self, now_ms: i64) -> AttemptEnd {
        let failed = |error, then| AttemptEnd::Failed { error, then };
        match self.then {
            Then::Backoff => failed(self.message, AfterFailure::Undecided),
            Then::GiveUp => failed(self.message, AfterFailure::Final),
            Then::RetryAfter(wait_ms) => {
                failed(self.message, AfterFailure::NotBefore { at_ms: later(now_ms, wait_ms) })
            }
            Then::Snooze(wait_ms) => {
                AttemptEnd::Snoozed { until_ms: later(now_ms, wait_ms), reason: self.message }
            }
        }
    }
}

fn bounded_ms(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(MAX_DELAY_MS).clamp(MIN_WAIT_MS, MAX_DELAY_MS)
}

fn later(now_ms: i64, wait_ms: u64) -> i64 {
    now_ms.saturating_add_unsigned(wait_ms)
}

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            message.push_str(": ");
            message.push_str(&next.to_string());
            cause = next.source();
        }
        JobError::new(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000_000;

    fn failed(error: &str, then: AfterFailure) -> AttemptEnd {
        AttemptEnd::Failed { error: error.to_owned(), then }
    }

    #[test]
    fn an_error_is_retried_by_backoff_unless_it_says_otherwise() {
        assert_eq!(JobError::new("a").into_end(NOW_MS), failed("a", AfterFailure::Undecided));
        let from_io: JobError = std::io::Error::other("b").into();
        assert_eq!(from_io.into_end(NOW_MS), failed("b", AfterFailure::Undecided));
        assert_eq!(JobError::new("c").do_not_retry().into_end(NOW_MS), failed("c", AfterFailure::Final));
        let later = JobError::new("d").retry_after(Duration::from_secs(90)).into_end(NOW_MS);
        assert_eq!(later, failed("d", AfterFailure::NotBefore { at_ms: NOW_MS + 90_000 }));
    }

    #[test]
    fn a_snooze_is_not_a_failure() {
        let end = JobError::snooze(Duration::from_secs(5), "not ready").into_end(NOW_MS);
        assert_eq!(end, AttemptEnd::Snoozed { until_ms: NOW_MS + 5_000, reason: "not ready".to_owned() });
    }

    #[test]
    fn waits_are_a_second_to_ten_years() {
        let until = |wait| match JobError::snooze(wait, "").into_end(0) {
            AttemptEnd::Snoozed { until_ms, .. } => until_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!(until(Duration::ZERO), 1_000);
        assert_eq!(until(Duration::from_millis(1_001)), 1_001);
        assert_eq!(until(Duration::MAX), i64::try_from(MAX_DELAY_MS).expect("it fits"));
        let end = JobError::new("").retry_after(Duration::MAX).into_end(i64::MAX);
        assert_eq!(end, failed("", AfterFailure::NotBefore { at_ms: i64::MAX }));
    }
}
