//! Rates: `10/s`, `100/5m`, and `10/s:5` to let five start at once.

use taskyard::shared::limit::Rate;

use super::duration::{duration, in_words};

/// # Errors
/// A sentence.
pub fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("\"{text}\" is not a rate; write it like 10/s, 100/5m, or 10/s:5 with a burst");
    let (count, rest) = text.split_once('/').ok_or_else(wrong)?;
    let (per, burst) = match rest.split_once(':') {
        Some((per, burst)) => (per, burst.trim().parse().map_err(|_| wrong())?),
        None => (rest, 1),
    };
    let count: u32 = count.trim().parse().map_err(|_| wrong())?;
    let per = per.trim();
    let per = if per.starts_with(|c: char| c.is_ascii_digit()) { per.to_owned() } else { format!("1{per}") };
    let per_ms = duration(&per).map_err(|_| wrong())?;
    if count == 0 || per_ms == 0 {
        return Err(format!("\"{text}\" lets nothing start, or everything"));
    }
    if !(1..=count).contains(&burst) {
        return Err(format!("the burst is {burst}; it must be 1 to the rate's count, {count}"));
    }
    Ok(Rate { count, per_ms, burst })
}

/// As it may be typed.
pub fn rate_in_words(rate: &Rate) -> String {
    let per = in_words(rate.per_ms);
    let per = match per.strip_prefix('1') {
        Some(unit) if unit.starts_with(|c: char| c.is_ascii_alphabetic()) && unit.len() <= 2 => unit,
        _ => &per,
    };
    let burst = if rate.burst == 1 { String::new() } else { format!(":{}", rate.burst) };
    format!("{}/{per}{burst}", rate.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_written() {
        let cases = [
            ("10/s", 10, 1_000, 1),
            ("10/s:5", 10, 1_000, 5),
            ("100/5m", 100, 300_000, 1),
            ("1/500ms", 1, 500, 1),
            ("3/d", 3, 86_400_000, 1),
            ("60/1m30s:60", 60, 90_000, 60),
        ];
        for (text, count, per_ms, burst) in cases {
            assert_eq!(rate(text), Ok(Rate { count, per_ms, burst }), "{text}");
            assert_eq!(rate_in_words(&Rate { count, per_ms, burst }), text);
        }
        assert_eq!(rate("10/sec").map(|rate| rate.per_ms), Ok(1_000));
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        let cases = [
            ("10", "is not a rate; write it like 10/s"),
            ("10/", "is not a rate"),
            ("ten/s", "is not a rate"),
            ("-1/s", "is not a rate"),
            ("10/x", "is not a rate"),
            ("10/s:", "is not a rate"),
            ("0/s", "lets nothing start"),
            ("10/0s", "lets nothing start"),
            ("10/s:0", "it must be 1 to the rate's count, 10"),
            ("10/s:11", "it must be 1 to the rate's count, 10"),
        ];
        for (text, says) in cases {
            let error = rate(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
