//! How often and how long the jobs of a kind are tried, unless the job or its queue says otherwise.

use std::time::Duration;

use taskyard_shared::limits::{
    MAX_ATTEMPTS, MAX_DELAY_MS, MAX_JITTER_PERCENT, MIN_BACKOFF_MS, MIN_TIMEOUT_MS,
};
use taskyard_shared::new_job::Backoff;

/// See [`super::Worker::retry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts that may fail before the job has: 1 to [`MAX_ATTEMPTS`].
    pub max_attempts: u32,
    pub backoff: Backoff,
    /// An attempt that takes longer is stopped, and has failed. None: it may take for ever.
    pub timeout: Option<Duration>,
}

impl Default for RetryPolicy {
    /// Twelve attempts after 2 s, 4 s, 8 s and so on, which makes a good hour in all; no time-out.
    fn default() -> Self {
        RetryPolicy { max_attempts: 12, backoff: Backoff::default(), timeout: None }
    }
}

impl RetryPolicy {
    /// A single attempt: for work that must not be repeated, or whose failure would only be repeated.
    pub fn once() -> Self {
        RetryPolicy { max_attempts: 1, ..RetryPolicy::default() }
    }

    pub(super) fn timeout_ms(&self) -> Option<u64> {
        self.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX))
    }

    /// # Errors
    /// What lies outside its bounds, as a sentence.
    pub(super) fn check(&self) -> Result<(), String> {
        check_attempts(self.max_attempts)?;
        check_backoff(&self.backoff).map_err(|(field, says)| format!("{field} {says}"))?;
        self.timeout_ms().map_or(Ok(()), check_timeout)
    }
}

pub(super) fn check_attempts(max_attempts: u32) -> Result<(), String> {
    match max_attempts {
        1..=MAX_ATTEMPTS => Ok(()),
        _ => Err(format!("max_attempts must be 1 to {MAX_ATTEMPTS}")),
    }
}

pub(super) fn check_timeout(timeout_ms: u64) -> Result<(), String> {
    match timeout_ms {
        MIN_TIMEOUT_MS..=MAX_DELAY_MS => Ok(()),
        _ => Err(format!("timeout_ms must be {MIN_TIMEOUT_MS} to {MAX_DELAY_MS}")),
    }
}

pub(super) fn check_cache_for(cache_for_ms: u64) -> Result<(), String> {
    match cache_for_ms {
        0..=MAX_DELAY_MS => Ok(()),
        _ => Err(format!("cache_for_ms must be 0 to {MAX_DELAY_MS}")),
    }
}

/// # Errors
/// The field that is wrong, and what it must be.
pub(super) fn check_backoff(backoff: &Backoff) -> Result<(), (&'static str, String)> {
    let Backoff { base_ms, max_ms, jitter_percent, .. } = *backoff;
    if !(MIN_BACKOFF_MS..=MAX_DELAY_MS).contains(&base_ms) {
        return Err(("base_ms", format!("must be {MIN_BACKOFF_MS} to {MAX_DELAY_MS}")));
    }
    if !(base_ms..=MAX_DELAY_MS).contains(&max_ms) {
        return Err(("max_ms", format!("must be base_ms to {MAX_DELAY_MS}")));
    }
    if jitter_percent > MAX_JITTER_PERCENT {
        return Err(("jitter_percent", format!("must be 0 to {MAX_JITTER_PERCENT}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_tries_for_a_good_hour() {
        let RetryPolicy { max_attempts, backoff, timeout } = RetryPolicy::default();
        let waits_ms =
            (1..max_attempts).map(|failures| (backoff.base_ms << (failures - 1)).min(backoff.max_ms));
        assert_eq!(waits_ms.sum::<u64>() / 60_000, 68);
        assert_eq!(timeout, None);
    }

    #[test]
    fn what_lies_outside_its_bounds_is_named() {
        let policy = RetryPolicy::default();
        let backoff = policy.backoff;
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(RetryPolicy::once().check(), Ok(()));
        let with_backoff = |backoff| RetryPolicy { backoff, ..policy };
        let wrong = [
            (RetryPolicy { max_attempts: 0, ..policy }, "max_attempts must be 1 to 1000"),
            (RetryPolicy { max_attempts: 1_001, ..policy }, "max_attempts must be 1 to 1000"),
            (RetryPolicy { timeout: Some(Duration::from_millis(99)), ..policy }, "timeout_ms must be 100 to"),
            (RetryPolicy { timeout: Some(Duration::MAX), ..policy }, "timeout_ms must be 100 to"),
            (with_backoff(Backoff { base_ms: 99, ..backoff }), "base_ms must be 100 to"),
            (with_backoff(Backoff { max_ms: 1_999, ..backoff }), "max_ms must be base_ms to"),
            (with_backoff(Backoff { max_ms: MAX_DELAY_MS + 1, ..backoff }), "max_ms must be base_ms to"),
            (with_backoff(Backoff { jitter_percent: 51, ..backoff }), "jitter_percent must be 0 to 50"),
        ];
        for (policy, says) in wrong {
            assert!(policy.check().is_err_and(|found| found.starts_with(says)), "{policy:?}");
        }
    }
}
