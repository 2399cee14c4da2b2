//! Why a command was not done, and the exit codes.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};
use taskyard::shared::error::WireError;

/// How a command that was done ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was done; a job that was waited for has completed.
    Done,
    /// A job that was waited for has failed; a server or a bench gave up.
    Failed,
    /// A job that was waited for was cancelled.
    Cancelled,
    /// Wrong usage, a refusal, or no server there.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Cancelled => 2,
            Exit::Usage => 3,
        })
    }
}

/// Why a command was not done; the texts are for the person who typed it.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(
        "no server answers at {server} ({reason}); start one with `taskyard serve`, or name another with --server URL"
    )]
    NotThere { server: String, reason: String },
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    /// What answered is no Taskyard, or another version of it.
    #[error("{server} does not answer as a Taskyard server does: {reason}")]
    Strange { server: String, reason: String },
    #[error("cannot read {path}: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("cannot write the output: {0}")]
    Output(std::io::Error),
    /// From `serve` and `bench`, which fail rather than refuse.
    #[error("{0}")]
    Failed(String),
}

/// What the server said it would not do.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub error: WireError,
    /// The same as the API says it (RFC 9457).
    pub problem: Value,
}

impl From<WireError> for Refusal {
    fn from(error: WireError) -> Self {
        let kind = format!("urn:taskyard:error:{}", error.code.as_str());
        let mut problem = json!({ "type": kind, "detail": error.message, "code": error.code });
        if !error.fields.is_empty() {
            problem["fields"] = json!(error.fields);
        }
        Refusal { error, problem }
    }
}

/// A mistake that no server was asked about, in the form of those that one was.
pub fn local_problem(title: &str, detail: &str) -> Value {
    json!({ "type": "about:blank", "title": title, "detail": detail })
}

impl CliError {
    /// The error for programs: what the server said, or what is like it.
    pub fn problem(&self) -> Value {
        let title = match self {
            CliError::Refused(refusal) => return refusal.problem.clone(),
            CliError::Usage(_) => "Wrong usage",
            CliError::NotThere { .. } => "No server",
            CliError::Strange { .. } => "Strange answer",
            CliError::Unreadable { .. } => "Unreadable file",
            CliError::Output(_) => "Output failed",
            CliError::Failed(_) => "Failed",
        };
        local_problem(title, &self.to_string())
    }

    pub fn exit(&self) -> Exit {
        match self {
            CliError::Failed(_) => Exit::Failed,
            // The reader has gone (`taskyard list | head`): that is no mistake of anybody.
            CliError::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
            _ => Exit::Usage,
        }
    }

    /// Whether there is anybody to tell, and anything.
    pub fn is_silent(&self) -> bool {
        self.exit() == Exit::Done
    }
}

impl Refusal {
    /// What is wrong, then each wrong field, or each wrong one of several jobs, on a line of its own.
    fn sentence(&self) -> String {
        let mut text = fields_told(&self.error);
        for refused in self.problem["errors"].as_array().into_iter().flatten() {
            if let Ok(error) = WireError::deserialize(&refused["error"]) {
                text.push_str(&format!("\n  jobs[{}]: {error}", refused["index"]));
            }
        }
        text
    }
}

/// The error with each wrong field on a line of its own.
fn fields_told(error: &WireError) -> String {
    let mut text = error.message.clone();
    for field in &error.fields {
        let name = field.field.trim_start_matches(['/', '$']);
        let name = if name.is_empty() { "arguments" } else { name };
        text.push_str(&format!("\n  {name}: {}", field.message));
    }
    text
}
