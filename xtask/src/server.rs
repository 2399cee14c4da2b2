//! Building the server with the board inside, and starting it.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{board, process};

/// Builds everything in release mode and becomes the server. `args` go to `taskyard serve`.
pub fn run(workspace: &Workspace, args: &[String]) -> Result<ExitCode> {
    build_release(workspace)?;
    println!("==> starting the server (Ctrl-C stops it)");
    let mut command = Command::new(workspace.server_binary("release"));
    // Its data is under ./data: of the repository, whatever folder this was started in.
    become_program(command.current_dir(&workspace.root).arg("serve").args(args))
}

/// The release build of the server, with the board of these sources inside.
pub fn build_release(workspace: &Workspace) -> Result<()> {
    board::ensure_built(workspace)?;
    process::timed("building the server in release mode (minutes the first time)", || {
        process::run(workspace.cargo()?.args(["build", "--release", "-p", "taskyard", "--features", "board"]))
    })
}

/// Replaces this process, so that signals reach the server and its exit code is ours.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    let error = command.exec();
    Err(error).with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))
}

#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
