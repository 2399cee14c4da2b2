//! Names of queues, limits and schedules, which become parts of a path.

use taskyard::shared::limits::{IDENTIFIER_RULE, is_identifier};

/// # Errors
/// A sentence.
pub fn name(text: &str) -> Result<String, String> {
    if is_identifier(text) {
        return Ok(text.to_owned());
    }
    Err(format!("\"{}\" is not a name: a name has {IDENTIFIER_RULE}", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_lead_elsewhere_is_no_name() {
        assert_eq!(name("mail-2"), Ok("mail-2".to_owned()));
        for text in ["", ".", "..", "a/b", "a?b", "%2e%2e", "Mail", "a b"] {
            assert!(name(text).is_err_and(|says| says.contains("is not a name")), "{text}");
        }
    }
}
