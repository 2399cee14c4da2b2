//! Times, sizes and progress as people read them.

use taskyard::clock::Clock;
use taskyard::shared::job::{JobState, JobSummary};

/// Milliseconds since the Unix epoch.
pub fn now_ms() -> i64 {
    Clock::default().now_ms()
}

/// A span in its two leading units: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`.
pub fn span(ms: i64) -> String {
    let ms = ms.max(0);
    let seconds = ms / 1_000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, ms % 1_000 / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long ago: `12 s ago`. Clocks may differ between server and client, so the future is `now`.
pub fn ago(then_ms: i64, now_ms: i64) -> String {
    match now_ms - then_ms {
        ..1_000 => "now".to_owned(),
        ms => format!("{} ago", span(ms)),
    }
}

/// Local date and time to the second.
pub fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| format!("{ms} ms"),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// How long the latest attempt has run, or ran.
pub fn ran_for(job: &JobSummary, now_ms: i64) -> String {
    match (job.started_at_ms, job.finished_at_ms) {
        (Some(started), Some(finished)) => span(finished - started),
        (Some(started), None) if job.state == JobState::Processing => span(now_ms - started),
        _ => String::new(),
    }
}

/// `45 %` while it runs; nothing otherwise, since the state says it all.
pub fn progress(job: &JobSummary) -> String {
    match job.state {
        JobState::Processing => format!("{} %", job.progress.thousandths() / 10),
        _ => String::new(),
    }
}

/// `980 B`, `12.5 KiB`, `3.0 MiB`.
pub fn bytes(count: u64) -> String {
    const STEP: f64 = 1024.0;
    let count_f = count as f64;
    if count_f < STEP {
        format!("{count} B")
    } else if count_f < STEP * STEP {
        format!("{:.1} KiB", count_f / STEP)
    } else {
        format!("{:.1} MiB", count_f / STEP / STEP)
    }
}

/// A whole number with commas between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text that came from elsewhere, with nothing in it that could steer a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_in_two_units() {
        let cases = [
            (-5, "0.0 s"),
            (449, "0.4 s"),
            (9_990, "9.9 s"),
            (12_000, "12 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
            (349_200_000, "4 d 1 h"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn numbers_and_sizes_read_well() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (number, text) in cases {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(
            (bytes(980), bytes(12_800), bytes(3 << 20)),
            ("980 B".into(), "12.5 KiB".into(), "3.0 MiB".into())
        );
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
