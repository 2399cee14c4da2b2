//! What the command line writes: results to stdout, sentences to stderr.

use std::io::Write;

use serde::Serialize;

use super::error::CliError;
use super::table::Table;

/// Writes one line to stdout.
///
/// # Errors
/// Whoever reads the output has gone, or the disk is full.
pub fn line(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(CliError::Output)
}

/// Writes a table to stdout, no wider than the terminal.
///
/// # Errors
/// As [`line`].
pub fn table(table: &Table) -> Result<(), CliError> {
    table.lines(width()).iter().try_for_each(|text| line(text))
}

/// Writes a value to stdout as indented JSON.
///
/// # Errors
/// As [`line`].
pub fn json<T: Serialize>(value: &T) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::Failed(error.to_string()))?;
    line(&text)
}

/// Writes a value to stdout as JSON on one line.
///
/// # Errors
/// As [`line`].
pub fn json_line<T: Serialize>(value: &T) -> Result<(), CliError> {
    let text = serde_json::to_string(value).map_err(|error| CliError::Failed(error.to_string()))?;
    line(&text)
}

/// In what form something is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

/// Says on stderr why something was not done. When nobody can read it there is nobody to tell.
pub fn complain(error: &CliError, form: Form) {
    let mut stderr = std::io::stderr().lock();
    let _ = match form {
        Form::Text => writeln!(stderr, "taskyard: {error}"),
        Form::Json => writeln!(stderr, "{}", error.problem()),
    };
}

/// Writes a passing remark to stderr.
pub fn remark(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Asks on stderr; the answer is read by whoever asks.
pub fn ask(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}

/// Columns of the terminal; no bound when the output is read by something else.
fn width() -> usize {
    let terminal = console::Term::stdout();
    if terminal.is_term() { usize::from(terminal.size().1) } else { usize::MAX }
}
