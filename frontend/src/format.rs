//! Numbers, sizes, durations and instants as people read them. No clock and no time zone of its own: both
//! come in as arguments.

use serde_json::Number;

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `3`, `0.05`: as JSON has it, for the standard library's way is large; but whole numbers without `.0`.
pub fn decimal(number: f64) -> String {
    let json = Number::from_f64(number).map(|number| number.to_string()).unwrap_or_default();
    json.strip_suffix(".0").map(str::to_owned).unwrap_or(json)
}

/// `1 job`, `12 jobs`.
pub fn jobs(number: u64) -> String {
    counted(number, "job", "jobs")
}

/// `1 run`, `2 runs`.
pub fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// A fragment such as an error's message as a sentence: with a capital and a full stop.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let Some(first) = chars.next() else { return String::new() };
    let stop = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{}{}{stop}", first.to_ascii_uppercase(), chars.as_str())
}

/// A span of milliseconds: `840 ms`, `3.2 s`, `2 min 05 s`, `1 h 04 min`, `3 d 2 h`.
pub fn duration(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{}.{} s", ms / 1_000, ms / 100 % 10),
        60_000..3_600_000 => format!("{} min {:02} s", ms / 60_000, ms / 1000 % 60),
        3_600_000..86_400_000 => format!("{} h {:02} min", ms / 3_600_000, ms / 60_000 % 60),
        _ => format!("{} d {} h", ms / 86_400_000, ms / 3_600_000 % 24),
    }
}

/// How long ago, roughly: `just now`, `40 s ago`, `5 min ago`, `3 h ago`, `2 d ago`.
pub fn ago(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..5 => "just now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..86_400 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

/// How long until then, roughly: `now`, `in 40 s`, `in 5 min`, `in 3 h`, `in 2 d`.
pub fn until(ms: i64) -> String {
    let seconds = (ms.max(0) + 999) / 1000;
    match seconds {
        0 => "now".to_owned(),
        1..60 => format!("in {seconds} s"),
        60..3_600 => format!("in {} min", seconds / 60),
        3_600..86_400 => format!("in {} h", seconds / 3_600),
        _ => format!("in {} d", seconds / 86_400),
    }
}

/// A span that somebody chose, in full: `30 s`, `1 h 30 min`, `1 s 500 ms`.
pub fn period(ms: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (unit, word) in UNITS {
        if rest >= unit {
            parts.push(format!("{} {word}", rest / unit));
            rest %= unit;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// `512 B`, `1.4 MiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let (mut of_unit, mut unit) = (1024, 0);
    while bytes / of_unit >= 1024 && unit + 1 < UNITS.len() {
        of_unit *= 1024;
        unit += 1;
    }
    let tenths = (bytes * 10 + of_unit / 2) / of_unit;
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// An instant taken apart in some time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub year: i64,
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub milli: u16,
    /// Minutes east of UTC.
    pub offset_min: i32,
}

impl Stamp {
    /// `epoch_ms` is Unix time in milliseconds.
    pub fn new(epoch_ms: i64, offset_min: i32) -> Self {
        let local = epoch_ms + i64::from(offset_min) * 60_000;
        let (days, in_day) = (local.div_euclid(86_400_000), local.rem_euclid(86_400_000));
        let (year, month, day) = civil_from_days(days);
        Stamp {
            year,
            month,
            day,
            hour: (in_day / 3_600_000) as u8,
            minute: (in_day / 60_000 % 60) as u8,
            second: (in_day / 1000 % 60) as u8,
            milli: (in_day % 1000) as u16,
            offset_min,
        }
    }

    pub fn is_same_day(&self, other: &Stamp) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    /// `14:03:05`
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    /// `14:03:05` today, `23 Nov 14:03` on other days, with the year when it is another.
    pub fn relative_to(&self, today: &Stamp) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = MONTHS[usize::from(self.month.clamp(1, 12)) - 1];
        if self.is_same_day(today) {
            self.clock()
        } else if self.year == today.year {
            format!("{} {month} {:02}:{:02}", self.day, self.hour, self.minute)
        } else {
            format!("{} {month} {}", self.day, self.year)
        }
    }

    /// From here to `end`: `14:03:05 – 14:03:08` today, `22 Nov 14:03 – 14:05` on another day, one instant where
    /// both would read the same.
    pub fn until(&self, end: &Stamp, today: &Stamp) -> String {
        let (from, mut to) = (self.relative_to(today), end.relative_to(today));
        if self.is_same_day(end) && !self.is_same_day(today) {
            to = format!("{:02}:{:02}", end.hour, end.minute);
            if self.year != today.year || from.ends_with(&to) {
                return from;
            }
        }
        if from == to { from } else { format!("{from} – {to}") }
    }

    /// `2026-11-23 14:03:05.123 +01:00`
    pub fn exact(&self) -> String {
        let sign = if self.offset_min < 0 { '-' } else { '+' };
        let offset = self.offset_min.abs();
        format!(
            "{:04}-{:02}-{:02} {}.{:03} {sign}{:02}:{:02}",
            self.year,
            self.month,
            self.day,
            self.clock(),
            self.milli,
            offset / 60,
            offset % 60
        )
    }
}

/// Gregorian date of a day counted from 1970-01-01: Howard Hinnant's `civil_from_days`.
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u8;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u8;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_as_short_as_they_can_be() {
        for (number, text) in
            [(0.0, "0"), (3.0, "3"), (-0.5, "-0.5"), (0.05, "0.05"), (44_000_000.0, "44000000")]
        {
            assert_eq!(decimal(number), text);
        }
    }

    #[test]
    fn numbers_are_grouped_and_counted() {
        assert_eq!(
            [count(0), count(999), count(1_000), count(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([jobs(1), jobs(0), jobs(1_200)], ["1 job", "0 jobs", "1,200 jobs"]);
    }

    #[test]
    fn fragments_become_sentences() {
        assert_eq!(sentence(" job 3 has ended "), "Job 3 has ended.");
        assert_eq!([sentence("Done."), sentence("")], ["Done.", ""]);
    }

    #[test]
    fn durations_keep_two_units_at_most() {
        let shown: Vec<String> =
            [-5, 840, 1_000, 3_249, 59_999, 125_000, 3_840_000, 266_400_000].map(duration).to_vec();
        assert_eq!(
            shown,
            ["0 ms", "840 ms", "1.0 s", "3.2 s", "59.9 s", "2 min 05 s", "1 h 04 min", "3 d 2 h"]
        );
    }

    #[test]
    fn sizes_and_ages_are_rounded_for_people() {
        assert_eq!([bytes(512), bytes(1_468_006)], ["512 B", "1.4 MiB"]);
        assert_eq!(
            [ago(-1), ago(40_000), ago(300_000), ago(7_200_000)],
            ["just now", "40 s ago", "5 min ago", "2 h ago"]
        );
    }

    #[test]
    fn what_is_to_come_is_rounded_and_what_was_chosen_is_not() {
        let told: Vec<String> = [-1, 1, 59_001, 240_000, 7_200_000, 200_000_000].map(until).to_vec();
        assert_eq!(told, ["now", "in 1 s", "in 1 min", "in 4 min", "in 2 h", "in 2 d"]);
        let told: Vec<String> = [0, 30_000, 1_500, 5_400_000, 90_000_000].map(period).to_vec();
        assert_eq!(told, ["0 s", "30 s", "1 s 500 ms", "1 h 30 min", "1 d 1 h"]);
    }

    #[test]
    fn instants_are_shown_in_the_zone_given() {
        let stamp = Stamp::new(1_795_438_985_123, 60);
        assert_eq!(stamp.exact(), "2026-11-23 14:03:05.123 +01:00");
        assert_eq!(stamp.relative_to(&stamp), "14:03:05");
        assert_eq!(stamp.relative_to(&Stamp::new(1_795_600_000_000, 60)), "23 Nov 14:03");
        let minute_later = Stamp::new(1_795_438_985_123 + 60_000, 60);
        let other_day = Stamp::new(1_795_600_000_000, 60);
        assert_eq!(stamp.until(&minute_later, &stamp), "14:03:05 – 14:04:05");
        assert_eq!(stamp.until(&minute_later, &other_day), "23 Nov 14:03 – 14:04");
        assert_eq!(stamp.until(&stamp, &other_day), "23 Nov 14:03");
        assert_eq!(Stamp::new(951_782_400_000, -150).exact(), "2000-02-28 21:30:00.000 -02:30");
        assert_eq!(Stamp::new(-1, 0).exact(), "1969-12-31 23:59:59.999 +00:00");
    }
}
