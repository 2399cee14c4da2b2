//! How long a failed job waits for its next attempt.

use taskyard_shared::limits::MAX_DELAY_MS;
use taskyard_shared::new_job::{Backoff, BackoffCurve};

use super::decision::AttemptId;

/// After the `failures`-th failure (counting from 1), in milliseconds. The jitter comes from the attempt's numbers, so
/// that the same history always gives the same decisions, and different jobs different ones.
pub(super) fn delay_ms(backoff: &Backoff, failures: u32, attempt: AttemptId) -> i64 {
    let doublings = match backoff.curve {
        BackoffCurve::Exponential => failures.saturating_sub(1).min(63),
        BackoffCurve::Fixed => 0,
    };
    let factor = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
    let most = backoff.max_ms.min(MAX_DELAY_MS);
    let delay = backoff.base_ms.saturating_mul(factor).min(most);
    let spread = delay / 100 * u64::from(backoff.jitter_percent.min(50));
    let offset = scatter(attempt) % (2 * spread + 1);
    i64::try_from(delay - spread + offset).unwrap_or(i64::MAX)
}

/// Numbers that look random (the finaliser of SplitMix64, by Steele, Lea and Flood).
fn scatter(attempt: AttemptId) -> u64 {
    let mut x = attempt.job.0.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(u64::from(attempt.attempt));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use taskyard_shared::job::JobId;

    use super::*;

    fn attempt(job: u64, attempt: u32) -> AttemptId {
        AttemptId { job: JobId(job), attempt }
    }

    #[test]
    fn delay_doubles_up_to_its_bound() {
        let backoff = Backoff { jitter_percent: 0, ..Backoff::default() };
        let delays: Vec<i64> =
            (1..=14).map(|failures| delay_ms(&backoff, failures, attempt(1, failures))).collect();
        assert_eq!(delays[..4], [2_000, 4_000, 8_000, 16_000]);
        assert_eq!(delays[10..], [2_048_000, 3_600_000, 3_600_000, 3_600_000]);
    }

    #[test]
    fn fixed_delay_stays() {
        let backoff = Backoff { curve: BackoffCurve::Fixed, jitter_percent: 0, ..Backoff::default() };
        assert_eq!(delay_ms(&backoff, 9, attempt(1, 9)), 2_000);
    }

    #[test]
    fn jobs_that_fail_together_do_not_come_back_together() {
        let delays: std::collections::BTreeSet<i64> =
            (0..100).map(|job| delay_ms(&Backoff::default(), 3, attempt(job, 3))).collect();
        assert!(delays.len() > 80, "{} different delays of 100", delays.len());
    }

    proptest! {
        #[test]
        fn delay_stays_within_its_jitter(
            base_ms in 100..MAX_DELAY_MS,
            max_ms in 100..MAX_DELAY_MS,
            jitter_percent in 0..=50_u8,
            failures in 1..2_000_u32,
            job in any::<u64>(),
        ) {
            let backoff = Backoff { curve: BackoffCurve::Exponential, base_ms, max_ms, jitter_percent };
            let plain = delay_ms(&Backoff { jitter_percent: 0, ..backoff }, failures, attempt(job, failures));
            let delay = delay_ms(&backoff, failures, attempt(job, failures));
            let spread = plain / 100 * i64::from(jitter_percent);
            prop_assert!((plain - spread..=plain + spread).contains(&delay));
            prop_assert!(plain <= i64::try_from(max_ms).unwrap());
        }
    }
}
