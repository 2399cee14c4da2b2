//! From the text of an expression to what croner is given, with a sentence for each mistake.

use super::entry::Entry;
use super::error::{CronError, FieldProblem};
use super::field::CronField;

/// Longest expression, in bytes. Every minute of an hour written out takes 170.
pub(super) const MAX_EXPRESSION_BYTES: usize = 256;

/// In capitals, each with the five fields that it stands for.
pub(super) const NICKNAMES: [(&str, &str); 7] = [
    ("@HOURLY", "0 * * * *"),
    ("@DAILY", "0 0 * * *"),
    ("@MIDNIGHT", "0 0 * * *"),
    ("@WEEKLY", "0 0 * * 0"),
    ("@MONTHLY", "0 0 1 * *"),
    ("@YEARLY", "0 0 1 1 *"),
    ("@ANNUALLY", "0 0 1 1 *"),
];

/// What a job does when the clocks change; the criterion is in the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    FixedTimes,
    ElapsedTime,
}

/// An expression that is right field by field.
#[derive(Debug)]
pub(super) struct Checked {
    /// Six fields of numbers, for croner.
    pub fields: String,
    pub pace: Pace,
}

/// Checks the fields of `expression`, which is without spaces around it.
pub(super) fn check(expression: &str) -> Result<Checked, CronError> {
    if expression.is_empty() {
        return Err(CronError::Empty);
    }
    if expression.len() > MAX_EXPRESSION_BYTES {
        return Err(CronError::TooLong { bytes: expression.len() });
    }
    let capitals = expression.to_ascii_uppercase();
    let text = if capitals.starts_with('@') { nickname(&capitals)? } else { &capitals };
    let texts = six_fields(text)?;
    let mut checked = Checked { fields: String::new(), pace: Pace::FixedTimes };
    for (field, text) in CronField::ALL.into_iter().zip(texts) {
        let entries = entries(field, text).map_err(|problem| CronError::Field { field, problem })?;
        checked.add(field, &entries);
    }
    Ok(checked)
}

impl Checked {
    fn add(&mut self, field: CronField, entries: &[Entry]) {
        let starred = entries.iter().any(|entry| matches!(entry, Entry::Every { .. }));
        if starred && matches!(field, CronField::Minute | CronField::Hour) {
            self.pace = Pace::ElapsedTime;
        }
        if !self.fields.is_empty() {
            self.fields.push(' ');
        }
        self.fields.push_str(&list(entries));
    }
}

fn nickname(capitals: &str) -> Result<&'static str, CronError> {
    let known = NICKNAMES.iter().find(|(nickname, _)| *nickname == capitals);
    known
        .map(|(_, fields)| *fields)
        .ok_or_else(|| CronError::UnknownNickname { nickname: capitals.to_ascii_lowercase() })
}

/// The texts of the fields, with the seconds that five fields leave out.
fn six_fields(text: &str) -> Result<[&str; 6], CronError> {
    let found: Vec<&str> = text.split_whitespace().collect();
    match *found {
        [minute, hour, day, month, weekday] => Ok(["0", minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => Ok([second, minute, hour, day, month, weekday]),
        _ => Err(CronError::FieldCount { found: found.len() }),
    }
}

fn entries(field: CronField, text: &str) -> Result<Vec<Entry>, FieldProblem> {
    let entries = text.split(',').map(|entry| Entry::parse(field, entry)).collect::<Result<Vec<_>, _>>()?;
    // croner would take the two for `LW` alone.
    if entries.contains(&Entry::LastDay) && entries.contains(&Entry::LastWorkday) {
        return Err(FieldProblem::BothLast);
    }
    Ok(entries)
}

/// croner tells a field without restriction by its being `*` to the letter.
fn list(entries: &[Entry]) -> String {
    if entries.contains(&Entry::EVERY) {
        return Entry::EVERY.to_string();
    }
    entries.iter().map(Entry::to_string).collect::<Vec<_>>().join(",")
}
