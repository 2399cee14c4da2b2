//! Taskyard's chores: `cargo xtask` alone says what there is.
//!
//! A chore gets the tools it needs, says what it does and how long that took, and ends with a sentence and a
//! non-zero code when something is wrong. Nothing is skipped silently.
#![expect(clippy::print_stdout, reason = "a chore tells its user what it does")]

use std::process::ExitCode;

mod apt;
mod board;
mod cli;
mod compress;
mod dev;
mod dist;
mod fingerprint;
mod gate;
mod process;
mod server;
mod tools;
mod workspace;

fn main() -> ExitCode {
    cli::run(std::env::args().skip(1).collect())
}
