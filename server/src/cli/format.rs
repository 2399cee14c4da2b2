//! Times, sizes and progress as people read them.

use taskyard::clock::Clock;
use taskyard::shared::job::{JobState, JobSummary};
use taskyard::shared::view::JobFilter;

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

/// How long until then: `in 12 s`, or `now` once it has come.
pub fn until(then_ms: i64, now_ms: i64) -> String {
    match then_ms - now_ms {
        ..=0 => "now".to_owned(),
        ms => format!("in {}", span(ms)),
    }
}

/// `1 job`, `1,234 jobs`.
pub fn one_or_more(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// Which jobs a filter means: `jobs that are failed or cancelled, of queue demo`.
pub fn filter(filter: &JobFilter) -> String {
    let mut text = "all jobs".to_owned();
    if !filter.states.is_empty() {
        let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
        text = format!("{} jobs", states.join(" or "));
    }
    for (name, value) in [("kind", &filter.kind), ("queue", &filter.queue)] {
        if let Some(value) = value {
            text.push_str(&format!(", {name} {}", plain(value)));
        }
    }
    if let Some(batch) = filter.batch {
        text.push_str(&format!(", batch {batch}"));
    }
    if !filter.text.is_empty() {
        text.push_str(&format!(", with \"{}\"", plain(&filter.text)));
    }
    text
}

/// Local time of day to the millisecond.
pub fn time_of_day(ms: i64) -> String {
    local(ms, "%H:%M:%S%.3f")
}

/// Local date and time to the second.
pub fn moment(ms: i64) -> String {
    local(ms, "%Y-%m-%d %H:%M:%S")
}

fn local(ms: i64, pattern: &str) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(
        |_| format!("{ms} ms"),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime(pattern).to_string(),
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

/// When the job may run, while it waits for that.
pub fn runs(job: &JobSummary, now_ms: i64) -> String {
    match (job.state, job.run_at_ms) {
        (JobState::Scheduled | JobState::Waiting, Some(at)) => until(at, now_ms),
        _ => String::new(),
    }
}

/// `1 of 5` once an attempt has failed.
pub fn failures(job: &JobSummary) -> String {
    match job.failures {
        0 => String::new(),
        failures => format!("{failures} of {}", job.max_attempts),
    }
}

/// Nothing where it is 0, as for nearly all jobs.
pub fn priority(job: &JobSummary) -> String {
    match job.priority {
        0 => String::new(),
        priority => priority.to_string(),
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
    fn filters_and_counts_read_as_sentences() {
        assert_eq!(filter(&JobFilter::default()), "all jobs");
        let some = JobFilter {
            states: vec![JobState::Failed, JobState::Cancelled],
            queue: Some("demo".to_owned()),
            text: "tea\u{7}".to_owned(),
            ..JobFilter::default()
        };
        assert_eq!(filter(&some), "failed or cancelled jobs, queue demo, with \"tea \"");
        assert_eq!((one_or_more(1, "job"), one_or_more(1_200, "job")), ("1 job".into(), "1,200 jobs".into()));
        assert_eq!((until(12_500, 500), until(1, 2)), ("in 12 s".into(), "now".into()));
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
