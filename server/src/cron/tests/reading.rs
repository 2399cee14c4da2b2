//! Instants as a person reads them.

use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;

use crate::cron::Cron;

/// `2026-03-29T03:00:00+02:00` and its like, in milliseconds since the epoch.
pub(super) fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap_or_else(|error| panic!("{text}: {error}")).as_millisecond()
}

pub(super) fn parsed(expression: &str, zone: &str) -> Cron {
    Cron::parse(expression, zone).unwrap_or_else(|error| panic!("{expression} in {zone}: {error}"))
}

/// The next runs, in local time with the offset.
pub(super) fn runs(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let runs = parsed(expression, zone).preview(ms(after), count);
    let zone = TimeZoneDatabase::bundled().get(zone).expect("the expression was parsed in this zone");
    let local = |run_ms| {
        let run = Timestamp::from_millisecond(run_ms).expect("runs are before the year 5000");
        run.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    };
    runs.into_iter().map(local).collect()
}
