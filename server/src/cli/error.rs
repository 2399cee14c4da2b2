//! Why a command was not done, and the exit codes.

use std::process::ExitCode;

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
    #[error("{}", sentence(.0))]
    Refused(WireError),
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

impl CliError {
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

/// The error with each wrong field on a line of its own.
fn sentence(error: &WireError) -> String {
    let mut text = error.message.clone();
    for field in &error.fields {
        let name = field.field.trim_start_matches('/');
        let name = if name.is_empty() { "arguments" } else { name };
        text.push_str(&format!("\n  {name}: {}", field.message));
    }
    text
}
