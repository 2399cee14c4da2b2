//! How much of what an attempt's work says in the end is kept.

use taskyard_shared::limits::{MAX_ERROR_BYTES, MAX_RESULT_BYTES};

use crate::kinds::json_size::Budget;
use crate::store::{AfterFailure, AttemptEnd};

/// Cuts an error that is too long, and says so. A result is kept whole or not at all: half of one would be taken for
/// another, so the attempt fails, and is not tried again, for the same work would return the same.
pub(super) fn bounded(end: AttemptEnd) -> AttemptEnd {
    match end {
        AttemptEnd::Completed { result, .. } if !Budget(MAX_RESULT_BYTES).takes(&result) => {
            AttemptEnd::Failed {
                error: format!(
                    "its result is too large: it takes more than {} MiB as JSON; leave it as a file instead",
                    MAX_RESULT_BYTES / (1024 * 1024)
                ),
                then: AfterFailure::Final,
            }
        }
        AttemptEnd::Failed { error, then } => AttemptEnd::Failed { error: cut(error), then },
        AttemptEnd::Snoozed { until_ms, reason } => AttemptEnd::Snoozed { until_ms, reason: cut(reason) },
        end => end,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_ERROR_BYTES {
        let whole = text.len();
        let end = (0..=MAX_ERROR_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str(&format!("\n(cut: it had {whole} bytes)"));
        text.shrink_to_fit();
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn result_that_is_too_large_fails_the_attempt_for_good() {
        // With its quotation marks.
        let fits = json!("x".repeat(MAX_RESULT_BYTES - 2));
        let end = AttemptEnd::Completed { result: fits, reused: None };
        assert_eq!(bounded(end.clone()), end);
        let too_large = json!("x".repeat(MAX_RESULT_BYTES - 1));
        let AttemptEnd::Failed { error, then } =
            bounded(AttemptEnd::Completed { result: too_large, reused: None })
        else {
            panic!()
        };
        assert_eq!(then, AfterFailure::Final);
        assert!(error.contains("more than 8 MiB"), "{error}");
    }

    #[test]
    fn long_error_is_cut_between_characters_and_says_so() {
        let short = AttemptEnd::Failed { error: "x".repeat(MAX_ERROR_BYTES), then: AfterFailure::Undecided };
        assert_eq!(bounded(short.clone()), short);
        let long = format!("x{}", "ä".repeat(MAX_ERROR_BYTES));
        let AttemptEnd::Snoozed { reason, .. } = bounded(AttemptEnd::Snoozed { until_ms: 1, reason: long })
        else {
            panic!()
        };
        let (kept, note) = reason.split_once('\n').unwrap();
        assert_eq!(kept.len(), MAX_ERROR_BYTES - 1);
        assert_eq!(note, format!("(cut: it had {} bytes)", 2 * MAX_ERROR_BYTES + 1));
    }
}
