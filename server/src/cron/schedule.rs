//! The instants at which an expression in a zone runs.

use std::iter;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::error::CronError;
use super::local_times::{Begin, LocalTimes};
use super::syntax::{self, Pace};
use super::zone;

/// The year 4600 in UTC. Dates and weekdays repeat every 400 years and the search ends with the year 5000, so what
/// does not run from here on never runs.
const LAST_CYCLE_MS: i64 = 82_994_803_200_000;

/// A cron expression in a time zone. The module's documentation has the rules.
#[derive(Clone, Debug)]
pub struct Cron {
    expression: String,
    zone_name: String,
    zone: TimeZone,
    local_times: LocalTimes,
    pace: Pace,
}

impl Cron {
    /// `expression`: five fields, six (seconds first) or a nickname, at most 256 bytes. `zone`: an IANA name, as
    /// `Europe/Berlin`, or `UTC`; in any case. Refuses what is misspelled and what can never run.
    pub fn parse(expression: &str, zone: &str) -> Result<Cron, CronError> {
        let expression = expression.trim();
        let checked = syntax::check(expression)?;
        let (zone, zone_name) = zone::find(zone.trim())?;
        let cron = Cron {
            expression: expression.to_owned(),
            zone_name,
            zone,
            local_times: LocalTimes::new(&checked.fields)?,
            pace: checked.pace,
        };
        match cron.next_after(LAST_CYCLE_MS) {
            Some(_) => Ok(cron),
            None => Err(CronError::NeverFires),
        }
    }

    /// The expression as it was given, without spaces around it.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The zone's name as the IANA database spells it.
    pub fn zone(&self) -> &str {
        &self.zone_name
    }

    /// The first run strictly after an instant, both in milliseconds since the Unix epoch. The first run since the
    /// epoch for an instant before it; None when there is none before the year 5000.
    pub fn next_after(&self, after_ms: i64) -> Option<i64> {
        let after = Timestamp::from_millisecond(after_ms.max(-1)).ok()?;
        let next = match self.pace {
            Pace::FixedTimes => self.next_fixed(after),
            Pace::ElapsedTime => self.next_elapsed(after),
        };
        next.map(Timestamp::as_millisecond)
    }

    /// The first `count` runs strictly after an instant; fewer when there are fewer before the year 5000.
    pub fn preview(&self, after_ms: i64, count: usize) -> Vec<i64> {
        iter::successors(self.next_after(after_ms), |&run_ms| self.next_after(run_ms)).take(count).collect()
    }

    /// Local times in order give instants in order, so the first that is late enough is the next.
    fn next_fixed(&self, after: Timestamp) -> Option<Timestamp> {
        let mut local = self.zone.to_datetime(after);
        loop {
            local = self.local_times.next(local, Begin::After)?;
            let run = self.only_instant(local)?;
            if run > after {
                return Some(run);
            }
        }
    }

    /// The one instant for a fixed local time: its first, or the end of the gap that it falls into.
    fn only_instant(&self, local: DateTime) -> Option<Timestamp> {
        let times = self.zone.to_ambiguous_timestamp(local);
        match times.offset() {
            AmbiguousOffset::Gap { .. } => {
                let before_the_gap = times.earlier().ok()?;
                Some(self.zone.following(before_the_gap).next()?.timestamp())
            }
            _ => times.earlier().ok(),
        }
    }

    /// Searches one stretch of constant offset after the other.
    fn next_elapsed(&self, after: Timestamp) -> Option<Timestamp> {
        let (mut from, mut begin) = (after, Begin::After);
        loop {
            let offset = self.zone.to_offset(from);
            let change = self.zone.following(from).next().map(|change| change.timestamp());
            let local = self.local_times.next(offset.to_datetime(from), begin)?;
            let run = offset.to_timestamp(local).ok()?;
            match change {
                Some(change) if change <= run => (from, begin) = (change, Begin::At),
                _ => return Some(run),
            }
        }
    }
}
