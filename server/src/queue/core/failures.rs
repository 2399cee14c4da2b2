//! What becomes of an attempt that has ended: the store is told for good, or when it is tried again.

use super::backoff::delay_ms;
use super::decision::AttemptId;
use super::state::Rerun;
use crate::store::{AfterFailure, AttemptEnd};

/// Decides what an executor leaves open.
pub(super) fn decide(end: AttemptEnd, attempt: AttemptId, rerun: &Rerun, now_ms: i64) -> AttemptEnd {
    match end {
        AttemptEnd::Failed { error, then } => {
            AttemptEnd::Failed { error, then: after_failure(then, attempt, rerun, now_ms) }
        }
        AttemptEnd::Snoozed { until_ms, reason } => {
            // A time that has passed would make it scheduled for ever, were it not for the next promotion.
            AttemptEnd::Snoozed { until_ms: until_ms.max(now_ms), reason }
        }
        other => other,
    }
}

fn after_failure(then: AfterFailure, attempt: AttemptId, rerun: &Rerun, now_ms: i64) -> AfterFailure {
    let failures = rerun.failures + 1;
    let not_before = match then {
        AfterFailure::Undecided => now_ms,
        AfterFailure::NotBefore { at_ms } => at_ms,
        decided @ (AfterFailure::Retry { .. } | AfterFailure::Final) => return decided,
    };
    if failures >= rerun.max_attempts {
        return AfterFailure::Final;
    }
    let at_ms = now_ms.saturating_add(delay_ms(&rerun.backoff, failures, attempt));
    AfterFailure::Retry { at_ms: at_ms.max(not_before) }
}
