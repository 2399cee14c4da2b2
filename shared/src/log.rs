//! What a job's work wrote while it ran.

use serde::{Deserialize, Serialize};

use crate::limits::MAX_VIEW_ROWS;

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LogLine {
    pub attempt: u32,
    /// Counts up from 1 within the attempt. Where numbers are missing at the end, lines were left out: the last
    /// one says so.
    pub number: u32,
    pub at_ms: i64,
    pub level: LogLevel,
    /// Without line breaks; at most [`crate::limits::MAX_LOG_LINE_CHARS`] characters.
    pub text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

impl LogLevel {
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }
}

/// Adds lines to those that a live view shows, and lets the oldest go beyond [`MAX_VIEW_ROWS`].
pub fn apply_lines(lines: &mut Vec<LogLine>, added: &[LogLine]) {
    lines.extend_from_slice(added);
    let beyond = lines.len().saturating_sub(MAX_VIEW_ROWS as usize);
    lines.drain(..beyond);
}
