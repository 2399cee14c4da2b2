//! The local times that an expression means, whether or not a zone has them. croner finds them.

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;

use super::error::CronError;

/// Whether a search may find the time that it begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    At,
    After,
}

#[derive(Clone, Debug)]
pub(super) struct LocalTimes {
    pattern: croner::Cron,
}

impl LocalTimes {
    /// `fields`: six fields of numbers.
    pub fn new(fields: &str) -> Result<LocalTimes, CronError> {
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).build();
        let pattern =
            parser.parse(fields).map_err(|refusal| CronError::Unsupported { reason: refusal.to_string() })?;
        Ok(LocalTimes { pattern })
    }

    /// The first one, a whole second, from a time onward. None when there is none before the year 5000.
    pub fn next(&self, from: DateTime, begin: Begin) -> Option<DateTime> {
        let found = self.pattern.find_next_occurrence(&from, begin == Begin::At).ok()?;
        // croner's own limit lets a part of that year through.
        (i32::from(found.year()) < croner::YEAR_UPPER_LIMIT).then_some(found)
    }
}
