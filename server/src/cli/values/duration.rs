//! Durations with units: `500ms`, `10s`, `5m`, `2h`, `3d`, and several of them: `1h30m`.

use jiff::{Span, SpanRelativeTo};
use taskyard::shared::limits::{MAX_DELAY_MS, MAX_UNDO_MS, MIN_TIMEOUT_MS};

const UNITS: [(u64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];

/// Milliseconds, up to ten years. A day has 24 hours.
///
/// # Errors
/// A sentence.
pub fn duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is not a duration; write it like 500ms, 10s, 5m, 2h or 3d");
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    match u64::try_from(length.as_millis()) {
        Ok(ms) if ms <= MAX_DELAY_MS => Ok(ms),
        Ok(_) => Err(format!("{text} is longer than ten years")),
        Err(_) => Err(format!("{text} is less than nothing")),
    }
}

/// The longest time of an attempt, in milliseconds.
///
/// # Errors
/// A sentence.
pub fn timeout(text: &str) -> Result<u64, String> {
    match duration(text)? {
        ms if ms < MIN_TIMEOUT_MS => {
            Err(format!("{text} is too short; it must be at least {MIN_TIMEOUT_MS}ms"))
        }
        ms => Ok(ms),
    }
}

/// How long an operation waits, in milliseconds.
///
/// # Errors
/// A sentence.
pub fn undo_time(text: &str) -> Result<u32, String> {
    let ms = u32::try_from(duration(text)?).ok().filter(|ms| *ms <= MAX_UNDO_MS);
    ms.ok_or_else(|| format!("{text} is too long; it must be at most {}", in_words(u64::from(MAX_UNDO_MS))))
}

/// As it may be typed, and exact: `90m` is `1h30m`.
pub fn in_words(ms: u64) -> String {
    let mut rest = ms;
    let mut text = String::new();
    for (unit_ms, unit) in UNITS {
        if rest >= unit_ms {
            text.push_str(&format!("{}{unit}", rest / unit_ms));
            rest %= unit_ms;
        }
    }
    if rest > 0 || text.is_empty() {
        text.push_str(&format!("{rest}ms"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let cases = [
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("2h", 7_200_000),
            ("3d", 259_200_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("2w", 1_209_600_000),
            ("0s", 0),
            (" 7 minutes ", 420_000),
        ];
        for (text, ms) in cases {
            assert_eq!(duration(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_how_to_write_one() {
        for text in ["", "10", "ten", "10x", "5mo", "1y", "s", "10s!", "NaNs", "1e3s"] {
            let error = duration(text).expect_err(text);
            assert!(error.contains("is not a duration; write it like 500ms, 10s"), "{text}: {error}");
        }
        assert!(duration("-5s").expect_err("negative").contains("less than nothing"));
        assert!(duration("5s ago").expect_err("negative").contains("less than nothing"));
        assert!(duration("4000d").expect_err("long").contains("longer than ten years"));
        assert!(duration("99999999999999999999s").is_err());
    }

    #[test]
    fn timeouts_and_times_to_undo_have_bounds() {
        assert_eq!((timeout("100ms"), undo_time("1m")), (Ok(100), Ok(60_000)));
        assert!(timeout("99ms").expect_err("short").contains("at least 100ms"));
        assert!(undo_time("61s").expect_err("long").contains("at most 1m"));
    }

    #[test]
    fn words_mean_what_was_typed() {
        for text in ["0ms", "500ms", "10s", "1h30m", "3d", "7d1ms"] {
            assert_eq!(duration(text).map(in_words), Ok(text.to_owned()));
        }
    }
}
