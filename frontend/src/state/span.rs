//! Spans of time as people type them: `90 s`, `1 h 30 min`, `7 d`. The way back is [`crate::format::period`].

use crate::format::period;

/// Milliseconds, and what may be typed for them.
const UNITS: [(u64, &[&str]); 5] = [
    (86_400_000, &["d", "day", "days"]),
    (3_600_000, &["h", "hour", "hours"]),
    (60_000, &["min", "m", "minute", "minutes"]),
    (1_000, &["s", "sec", "second", "seconds"]),
    (1, &["ms"]),
];

/// What was typed in milliseconds, or what is wrong with it.
pub fn parse_within(typed: &str, min_ms: u64, max_ms: u64) -> Result<u64, String> {
    let ms = parse(typed).ok_or("A number with a unit, please: 30 s, 5 min, 2 h or 7 d.")?;
    if (min_ms..=max_ms).contains(&ms) {
        return Ok(ms);
    }
    Err(format!("From {} to {}.", period(min_ms), period(max_ms)))
}

/// None for what is no span. One too long for the integer is the longest.
fn parse(typed: &str) -> Option<u64> {
    let mut rest = typed.trim();
    let mut sum = 0u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let word = after[..letters].to_ascii_lowercase();
        let (size, _) = UNITS.iter().find(|(_, words)| words.contains(&word.as_str()))?;
        sum = sum.saturating_add(number.saturating_mul(*size));
        rest = after[letters..].trim_start();
    }
    (!typed.trim().is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_one_unit_or_several() {
        let read = ["90 s", "90s", "1 h 30 min", "1h30m", " 7 days ", "250 ms"].map(parse);
        let wanted = [90_000, 90_000, 5_400_000, 5_400_000, 604_800_000, 250].map(Some);
        assert_eq!(read, wanted);
        assert_eq!(parse("99999999999999999 d"), Some(u64::MAX));
    }

    #[test]
    fn what_is_no_span_is_refused_with_a_hint() {
        assert_eq!(["", "soon", "5", "-5 s", "1.5 h", "5 weeks"].map(parse), [None; 6]);
        let hint = parse_within("5", 0, 1).unwrap_err();
        assert!(hint.contains("unit"), "{hint}");
    }

    #[test]
    fn bounds_are_said_in_units() {
        assert_eq!(parse_within("61 s", 60_000, 86_400_000), Ok(61_000));
        assert_eq!(parse_within("1 s", 60_000, 86_400_000), Err("From 1 min to 1 d.".to_owned()));
    }

    #[test]
    fn what_is_shown_reads_back_the_same() {
        for ms in [0, 1, 999, 1_000, 90_000, 3_600_000, 5_400_000, 604_800_000] {
            assert_eq!(parse(&period(ms)), Some(ms));
        }
    }
}
