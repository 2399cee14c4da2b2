//! Why an expression or a zone was refused, in sentences for the person who typed it.

use super::field::CronField;
use super::syntax::{MAX_EXPRESSION_BYTES, NICKNAMES};

/// The texts repeat what was typed, shortened where it has no bound of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    #[error("the cron expression is empty; \"30 2 * * *\" would be every day at 02:30")]
    Empty,
    #[error("the cron expression has {bytes} bytes; at most {MAX_EXPRESSION_BYTES} are allowed")]
    TooLong { bytes: usize },
    #[error(
        "the cron expression needs five fields (minute, hour, day of month, month, day of week) or six (seconds \
         first), and has {found}"
    )]
    FieldCount { found: usize },
    #[error("there is no nickname \"{nickname}\"; there are {}", nicknames())]
    UnknownNickname { nickname: String },
    #[error("the {field} field: {problem}")]
    Field { field: CronField, problem: FieldProblem },
    /// The fields are right one by one, but no day has them all, as 30 February.
    #[error("the cron expression can never run, for no date fits it")]
    NeverFires,
    #[error("there is no time zone \"{zone}\"{}", suggested(suggestion.as_deref()))]
    UnknownZone { zone: String, suggestion: Option<String> },
    /// The crate that searches for local times is stricter than our own check; its words.
    #[error("the cron expression is not supported: {reason}")]
    Unsupported { reason: String },
}

/// What is wrong in a field. `entry` is the part between commas, in capitals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    #[error("there is an empty entry in the list")]
    EmptyEntry,
    #[error("\"{entry}\" is not understood; an entry is like {examples}")]
    NotUnderstood { entry: String, examples: &'static str },
    #[error("{value} is not {least} to {most}")]
    OutOfRange { value: String, least: u16, most: u16 },
    #[error("the step in \"{entry}\" must be 1 to {most}")]
    Step { entry: String, most: u16 },
    #[error("\"{entry}\" has a step but no range; write {start}-{most}/{step}")]
    StepWithoutRange { entry: String, start: u16, most: u16, step: u16 },
    #[error("\"{entry}\" runs backwards; write two ranges: {start}-{most},{least}-{end}")]
    Backwards { entry: String, start: u16, end: u16, least: u16, most: u16 },
    #[error("a month has 1 to 5 of a weekday, so \"{entry}\" is none")]
    Nth { entry: String },
    #[error("L and LW cannot be in one list")]
    BothLast,
}

fn nicknames() -> String {
    NICKNAMES.map(|(nickname, _)| nickname.to_ascii_lowercase()).join(", ")
}

fn suggested(zone: Option<&str>) -> String {
    zone.map_or_else(String::new, |zone| format!("; did you mean \"{zone}\"?"))
}
