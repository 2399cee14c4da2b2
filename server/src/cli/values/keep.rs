//! Which finished jobs are kept: `7d`, `10000`, both with a comma between them, or `all`.

use taskyard::shared::limits::MIN_RETENTION_MS;
use taskyard::shared::queue::Keep;

use super::duration::{duration, in_words};

/// # Errors
/// A sentence.
pub fn keep(text: &str) -> Result<Keep, String> {
    let mut keep = Keep::default();
    if text.trim() == "all" {
        return Ok(keep);
    }
    let wrong = || format!("\"{text}\" does not say what to keep; write it like 7d, 10000, 30d,10000 or all");
    for part in text.split(',').map(str::trim) {
        let twice = match part.parse() {
            Ok(count) => keep.max_count.replace(count).is_some(),
            Err(_) => keep.max_age_ms.replace(duration(part).map_err(|_| wrong())?).is_some(),
        };
        if twice {
            return Err(wrong());
        }
    }
    if keep.max_age_ms.is_some_and(|age| age < MIN_RETENTION_MS) {
        return Err(format!("finished jobs are kept for at least {}", in_words(MIN_RETENTION_MS)));
    }
    Ok(keep)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_a_count_or_both() {
        let week = Some(604_800_000);
        let cases = [
            ("7d", week, None),
            ("10000", None, Some(10_000)),
            ("7d,10000", week, Some(10_000)),
            ("0, 7d", week, Some(0)),
            ("all", None, None),
        ];
        for (text, max_age_ms, max_count) in cases {
            assert_eq!(keep(text), Ok(Keep { max_age_ms, max_count }), "{text}");
        }
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        for text in ["", "a week", "7d,8d", "1,2", "7d,", "-1"] {
            let error = keep(text).expect_err(text);
            assert!(error.contains("write it like 7d, 10000"), "{text}: {error}");
        }
        assert!(keep("10s").expect_err("short").contains("at least 1m"));
    }
}
