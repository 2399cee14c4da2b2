//! The fields of an expression: what they are called and what they take.

use std::fmt;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of a cron expression. Its text is what a person calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CronField {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

impl CronField {
    /// In the order in which they are written.
    pub(super) const ALL: [CronField; 6] = [
        CronField::Second,
        CronField::Minute,
        CronField::Hour,
        CronField::DayOfMonth,
        CronField::Month,
        CronField::DayOfWeek,
    ];

    pub(super) fn least(self) -> u16 {
        match self {
            CronField::Second | CronField::Minute | CronField::Hour | CronField::DayOfWeek => 0,
            CronField::DayOfMonth | CronField::Month => 1,
        }
    }

    pub(super) fn most(self) -> u16 {
        match self {
            CronField::Second | CronField::Minute => 59,
            CronField::Hour => 23,
            CronField::DayOfMonth => 31,
            CronField::Month => 12,
            CronField::DayOfWeek => 7,
        }
    }

    /// What may be written instead of a number; the first stands for [`Self::least`].
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            CronField::Month => &MONTHS,
            CronField::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    /// An example of each thing that an entry can be.
    pub(super) fn examples(self) -> &'static str {
        match self {
            CronField::Second | CronField::Minute => "*, 30, 0-29 or */5",
            CronField::Hour => "*, 8, 9-17 or */2",
            CronField::DayOfMonth => "*, 15, 1-7, */2, L, LW or 15W",
            CronField::Month => "*, 6, JUN, 1-3 or */3",
            CronField::DayOfWeek => "*, 5, FRI, MON-FRI, FRI#2 or 5L",
        }
    }
}

impl fmt::Display for CronField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CronField::Second => "second",
            CronField::Minute => "minute",
            CronField::Hour => "hour",
            CronField::DayOfMonth => "day-of-month",
            CronField::Month => "month",
            CronField::DayOfWeek => "day-of-week",
        })
    }
}
