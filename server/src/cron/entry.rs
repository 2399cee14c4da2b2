//! One entry of a field's list. croner reads entries too, but takes `SUNMON`, `15W3` and an empty list for something,
//! and does not say which field it refuses.

use std::fmt;

use super::error::FieldProblem;
use super::field::CronField;

/// Weekdays of one kind in the longest month.
const MOST_NTH: u16 = 5;

/// Its text is what croner is given: numbers instead of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `*/step`; `*` is a step of one.
    Every {
        step: u16,
    },
    /// `start` is not after `end`.
    Range {
        start: u16,
        end: u16,
        step: u16,
    },
    One(u16),
    /// `L`, the last day of the month.
    LastDay,
    /// `LW`, the last day of the month from Monday to Friday.
    LastWorkday,
    /// `15W`.
    NearestWorkday(u16),
    /// `5L`, the last Friday.
    LastOf(u16),
    /// `5#2`, the second Friday.
    NthOf(u16, u16),
}

impl Entry {
    pub const EVERY: Entry = Entry::Every { step: 1 };

    /// `text` is in capitals and without spaces and commas.
    pub fn parse(field: CronField, text: &str) -> Result<Entry, FieldProblem> {
        if text.is_empty() {
            return Err(FieldProblem::EmptyEntry);
        }
        let special = match field {
            CronField::DayOfMonth => day_of_month(text),
            CronField::DayOfWeek => day_of_week(text),
            _ => None,
        };
        if let Some(special) = special {
            return special;
        }
        match text.split_once('/') {
            Some((span, step)) => stepped(field, text, span, step),
            None => plain(field, text, text, 1),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Every { step: 1 } => f.write_str("*"),
            Entry::Every { step } => write!(f, "*/{step}"),
            Entry::Range { start, end, step: 1 } => write!(f, "{start}-{end}"),
            Entry::Range { start, end, step } => write!(f, "{start}-{end}/{step}"),
            Entry::One(value) => write!(f, "{value}"),
            Entry::LastDay => f.write_str("L"),
            Entry::LastWorkday => f.write_str("LW"),
            Entry::NearestWorkday(day) => write!(f, "{day}W"),
            Entry::LastOf(weekday) => write!(f, "{weekday}L"),
            Entry::NthOf(weekday, nth) => write!(f, "{weekday}#{nth}"),
        }
    }
}

/// None when `text` is an entry like those of other fields.
fn day_of_month(text: &str) -> Option<Result<Entry, FieldProblem>> {
    match text {
        "L" => Some(Ok(Entry::LastDay)),
        "LW" => Some(Ok(Entry::LastWorkday)),
        _ => {
            let day = text.strip_suffix('W')?;
            Some(value(CronField::DayOfMonth, text, day).map(Entry::NearestWorkday))
        }
    }
}

/// None when `text` is an entry like those of other fields.
fn day_of_week(text: &str) -> Option<Result<Entry, FieldProblem>> {
    let weekday = |part| value(CronField::DayOfWeek, text, part);
    if let Some((day, nth)) = text.split_once('#') {
        return Some(weekday(day).and_then(|day| Ok(Entry::NthOf(day, self::nth(text, nth)?))));
    }
    Some(weekday(text.strip_suffix('L')?).map(Entry::LastOf))
}

fn nth(entry: &str, digits: &str) -> Result<u16, FieldProblem> {
    let nth = number(digits).ok_or_else(|| not_understood(CronField::DayOfWeek, entry))?;
    if (1..=MOST_NTH).contains(&nth) { Ok(nth) } else { Err(FieldProblem::Nth { entry: entry.to_owned() }) }
}

fn stepped(field: CronField, entry: &str, span: &str, step: &str) -> Result<Entry, FieldProblem> {
    let step = number(step).ok_or_else(|| not_understood(field, entry))?;
    let most = field.most();
    if !(1..=most).contains(&step) {
        return Err(FieldProblem::Step { entry: entry.to_owned(), most });
    }
    match plain(field, entry, span, step)? {
        Entry::One(start) => {
            Err(FieldProblem::StepWithoutRange { entry: entry.to_owned(), start, most, step })
        }
        entry => Ok(entry),
    }
}

/// `*`, a range or a number; `text` is `entry` without its step.
fn plain(field: CronField, entry: &str, text: &str, step: u16) -> Result<Entry, FieldProblem> {
    if text == "*" {
        return Ok(Entry::Every { step });
    }
    let Some((start, end)) = text.split_once('-') else {
        return value(field, entry, text).map(Entry::One);
    };
    let start = value(field, entry, start)?;
    let end = match end {
        // A week that ends with Sunday.
        "SUN" if field == CronField::DayOfWeek && start > 0 => field.most(),
        end => value(field, entry, end)?,
    };
    if start > end {
        let entry = text.to_owned();
        return Err(FieldProblem::Backwards { entry, start, end, least: field.least(), most: field.most() });
    }
    Ok(Entry::Range { start, end, step })
}

/// A number or a name, in the field's range.
fn value(field: CronField, entry: &str, text: &str) -> Result<u16, FieldProblem> {
    let mut named = field.names().iter().zip(field.least()..);
    if let Some((_, value)) = named.find(|(name, _)| **name == text) {
        return Ok(value);
    }
    let (least, most) = (field.least(), field.most());
    match number(text) {
        None => Err(not_understood(field, entry)),
        Some(value) if (least..=most).contains(&value) => Ok(value),
        Some(_) => Err(FieldProblem::OutOfRange { value: text.to_owned(), least, most }),
    }
}

/// None when `digits` are not digits alone; more than fit are the most that fits, which no field takes.
fn number(digits: &str) -> Option<u16> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().unwrap_or(u16::MAX))
}

fn not_understood(field: CronField, entry: &str) -> FieldProblem {
    FieldProblem::NotUnderstood { entry: entry.to_owned(), examples: field.examples() }
}
