//! The rules once more, as slowly and plainly as possible: every minute and every day is looked at.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// The minute and the hour field; None is `*`.
#[derive(Clone, Debug)]
pub(super) struct DayTimes {
    pub minutes: Option<BTreeSet<i8>>,
    pub hours: Option<BTreeSet<i8>>,
}

impl DayTimes {
    pub fn expression(&self) -> String {
        format!("{} {} * * *", field(self.minutes.as_ref()), field(self.hours.as_ref()))
    }

    /// The runs after an instant and up to another.
    pub fn runs(&self, zone: &TimeZone, after_ms: i64, until_ms: i64) -> Vec<i64> {
        let fixed = self.minutes.is_some() && self.hours.is_some();
        let mut runs = Vec::new();
        // Two days before, to know which local times were there already.
        let mut at_ms = (after_ms - 2 * DAY_MS).div_euclid(MINUTE_MS) * MINUTE_MS;
        let mut latest = local(zone, at_ms);
        while at_ms < until_ms {
            at_ms += MINUTE_MS;
            let now = local(zone, at_ms);
            let made_up = fixed && minutes_between(latest, now).any(|skipped| self.fits(skipped));
            let due = self.fits(now) && !(fixed && now <= latest);
            if (made_up || due) && at_ms > after_ms && at_ms <= until_ms {
                runs.push(at_ms);
            }
            latest = latest.max(now);
        }
        runs
    }

    fn fits(&self, local: DateTime) -> bool {
        holds(self.minutes.as_ref(), local.minute()) && holds(self.hours.as_ref(), local.hour())
    }
}

/// The fields for days; None is `*`. Weekdays are 0, Sunday, to 6.
#[derive(Clone, Debug)]
pub(super) struct Days {
    pub days: Option<BTreeSet<i8>>,
    pub months: Option<BTreeSet<i8>>,
    pub weekdays: Option<BTreeSet<i8>>,
}

impl Days {
    pub fn expression(&self) -> String {
        let [days, months, weekdays] =
            [&self.days, &self.months, &self.weekdays].map(|set| field(set.as_ref()));
        format!("0 0 {days} {months} {weekdays}")
    }

    /// None when nine years, which always have a leap day, have no such date after this one.
    pub fn next_after(&self, date: Date) -> Option<Date> {
        date.series(1.day()).skip(1).take(9 * 366).find(|date| self.fits(*date))
    }

    fn fits(&self, date: Date) -> bool {
        let day = holds(self.days.as_ref(), date.day());
        let weekday = holds(self.weekdays.as_ref(), date.weekday().to_sunday_zero_offset());
        let both_restricted = self.days.is_some() && self.weekdays.is_some();
        holds(self.months.as_ref(), date.month())
            && if both_restricted { day || weekday } else { day && weekday }
    }
}

fn local(zone: &TimeZone, at_ms: i64) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(at_ms).expect("the instants of the tests exist"))
}

/// The minutes after `earlier` and before `later`, in local time.
fn minutes_between(earlier: DateTime, later: DateTime) -> impl Iterator<Item = DateTime> {
    earlier.series(1.minute()).skip(1).take_while(move |minute| *minute < later)
}

fn holds(set: Option<&BTreeSet<i8>>, value: i8) -> bool {
    set.is_none_or(|set| set.contains(&value))
}

fn field(set: Option<&BTreeSet<i8>>) -> String {
    set.map_or_else(
        || "*".to_owned(),
        |set| set.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(","),
    )
}
