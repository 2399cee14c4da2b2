//! The frame around every bench: a runtime for the callers, a data folder, an exit code.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use super::args::BenchCommand;
use super::{add, adds, all, backlog, bulk_cancel, limit, rundown, sustained, throughput, watch};
use crate::cli::error::{CliError, Exit};

/// Runs on a runtime of its own: the yards it measures have theirs, as in a server.
pub fn run(command: BenchCommand) -> Result<Exit, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("bench-callers")
        .build()
        .map_err(|error| failed("the operating system gave no threads", error))?;
    runtime.block_on(async {
        match command {
            BenchCommand::Throughput(args) => throughput::run(args).await,
            BenchCommand::Adds(args) => adds::run(args).await,
            BenchCommand::BulkCancel(args) => bulk_cancel::run(args).await,
            BenchCommand::Rundown(args) => rundown::run(args).await,
            BenchCommand::Add(args) => add::run(args).await,
            BenchCommand::Limit(args) => limit::run(args).await,
            BenchCommand::Backlog(args) => backlog::run(args).await,
            BenchCommand::BacklogCase(args) => backlog::case::run(args).await,
            BenchCommand::Sustained(args) => sustained::run(args).await,
            BenchCommand::Watch(args) => watch::run(args).await,
            BenchCommand::WatchHost(args) => watch::host::run(args).await,
            BenchCommand::All(args) => all::run(args).await,
        }
    })
}

/// This program, to be run once more for a measurement in a process of its own. It ends with this one.
pub fn once_more() -> Result<Command, CliError> {
    let program = std::env::current_exe().map_err(not_once_more)?;
    let mut command = Command::new(program);
    command.arg("bench").stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    Ok(command)
}

pub fn not_once_more(error: std::io::Error) -> CliError {
    failed("this program could not be run once more", error)
}

pub fn failed(what: &str, error: impl std::fmt::Display) -> CliError {
    CliError::Failed(format!("{what}: {error}"))
}

/// A folder that was named and stays, or one that goes with this value.
pub struct DataFolder {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl DataFolder {
    /// Without a name the folder is made in the current one: the system's temporary folder is often kept in
    /// memory, where a commit costs nothing and a figure means nothing.
    pub fn new(named: Option<&Path>) -> Result<Self, CliError> {
        match named {
            Some(path) => Ok(DataFolder { path: path.to_owned(), temporary: None }),
            None => {
                let made = tempfile::Builder::new().prefix("taskyard-bench-").tempdir_in(".");
                let made =
                    made.map_err(|error| failed("cannot make a folder here; name one with --data", error))?;
                Ok(DataFolder { path: made.path().to_owned(), temporary: Some(made) })
            }
        }
    }

    /// A folder in it for one of several measurements, which stays or goes as this one does.
    ///
    /// # Errors
    /// It cannot be made; or an earlier run has left one, whose jobs would be counted.
    pub fn case(&self, name: &str) -> Result<DataFolder, CliError> {
        let path = self.path.join(name);
        let wrong = |error| failed(&format!("cannot make the folder {}", path.display()), error);
        if self.temporary.is_some() {
            let made = tempfile::Builder::new().prefix(&format!("{name}-")).tempdir_in(&self.path);
            let made = made.map_err(wrong)?;
            return Ok(DataFolder { path: made.path().to_owned(), temporary: Some(made) });
        }
        std::fs::create_dir_all(&self.path).and_then(|()| std::fs::create_dir(&path)).map_err(wrong)?;
        Ok(DataFolder { path, temporary: None })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}
