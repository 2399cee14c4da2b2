//! How long failed jobs wait: `exponential:2s..1h`, `fixed:5s`, with `~20%` behind it for more spread.

use taskyard::shared::limits::{MAX_JITTER_PERCENT, MIN_BACKOFF_MS};
use taskyard::shared::new_job::{Backoff, BackoffCurve};

use super::duration::{duration, in_words};

/// # Errors
/// A sentence.
pub fn backoff(text: &str) -> Result<Backoff, String> {
    let wrong = || format!("\"{text}\" is not a backoff; write it like exponential:2s..1h or fixed:5s");
    let (curve, times) = text.split_once(':').ok_or_else(wrong)?;
    let (times, jitter) = match times.split_once('~') {
        Some((times, jitter)) => (times, Some(jitter)),
        None => (times, None),
    };
    let standard = Backoff::default();
    let (curve, base_ms, max_ms) = match (curve, times.split_once("..")) {
        ("fixed", None) => {
            let every_ms = duration(times)?;
            (BackoffCurve::Fixed, every_ms, every_ms)
        }
        ("exponential", None) => {
            let base_ms = duration(times)?;
            (BackoffCurve::Exponential, base_ms, standard.max_ms.max(base_ms))
        }
        ("exponential", Some((base, most))) => (BackoffCurve::Exponential, duration(base)?, duration(most)?),
        _ => return Err(wrong()),
    };
    if base_ms < MIN_BACKOFF_MS {
        return Err(format!("a backoff begins with at least {MIN_BACKOFF_MS}ms"));
    }
    if max_ms < base_ms {
        return Err("the longest wait of a backoff is shorter than its first".to_owned());
    }
    let jitter_percent = jitter.map_or(Ok(standard.jitter_percent), read_jitter)?;
    Ok(Backoff { curve, base_ms, max_ms, jitter_percent })
}

/// As it may be typed.
pub fn backoff_in_words(backoff: &Backoff) -> String {
    let jitter = match backoff.jitter_percent == Backoff::default().jitter_percent {
        true => String::new(),
        false => format!("~{}%", backoff.jitter_percent),
    };
    let base = in_words(backoff.base_ms);
    match backoff.curve {
        BackoffCurve::Fixed => format!("fixed:{base}{jitter}"),
        BackoffCurve::Exponential => format!("exponential:{base}..{}{jitter}", in_words(backoff.max_ms)),
    }
}

fn read_jitter(text: &str) -> Result<u8, String> {
    let percent = text.trim_end_matches('%').parse().ok().filter(|percent| *percent <= MAX_JITTER_PERCENT);
    percent.ok_or_else(|| {
        format!("\"~{text}\" is not a spread; write it like ~20%, up to ~{MAX_JITTER_PERCENT}%")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(curve: BackoffCurve, base_ms: u64, max_ms: u64, jitter_percent: u8) -> Result<Backoff, String> {
        Ok(Backoff { curve, base_ms, max_ms, jitter_percent })
    }

    #[test]
    fn backoffs_are_read() {
        use BackoffCurve::{Exponential, Fixed};
        assert_eq!(backoff("exponential:2s..1h"), made(Exponential, 2_000, 3_600_000, 10));
        assert_eq!(backoff("exponential:1m"), made(Exponential, 60_000, 3_600_000, 10));
        assert_eq!(backoff("exponential:2h"), made(Exponential, 7_200_000, 7_200_000, 10));
        assert_eq!(backoff("fixed:5s"), made(Fixed, 5_000, 5_000, 10));
        assert_eq!(backoff("fixed:5s~0%"), made(Fixed, 5_000, 5_000, 0));
        assert_eq!(backoff("exponential:1s..10s~50%"), made(Exponential, 1_000, 10_000, 50));
    }

    #[test]
    fn words_mean_what_was_typed() {
        for text in ["exponential:2s..1h", "fixed:5s", "fixed:1m30s~0%", "exponential:1s..10s~50%"] {
            assert_eq!(backoff(text).map(|read| backoff_in_words(&read)), Ok(text.to_owned()));
        }
    }

    #[test]
    fn wrong_ones_get_a_sentence() {
        let cases = [
            ("linear:5s", "is not a backoff"),
            ("5s", "is not a backoff"),
            ("fixed:5s..10s", "is not a backoff"),
            ("fixed:5", "is not a duration"),
            ("fixed:50ms", "at least 100ms"),
            ("exponential:1h..2s", "shorter than its first"),
            ("fixed:5s~51%", "is not a spread"),
            ("fixed:5s~-1%", "is not a spread"),
        ];
        for (text, says) in cases {
            let error = backoff(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
