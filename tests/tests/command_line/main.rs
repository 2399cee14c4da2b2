//! The command line as a person or a script uses it.

mod adding;
mod batches;
mod bench;
mod explaining;
mod jobs;
mod json;
mod limits;
mod mistakes;
mod operations;
mod queues;
mod schedules;
mod watching;

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::Value;
use taskyard_tests::output::Output;
use taskyard_tests::program::{Finished, taskyard};
use taskyard_tests::server::TestServer;
use taskyard_tests::server::binary;

/// `taskyard WORDS… --server ADDRESS`
fn run(server: &TestServer, words: &[&str]) -> Result<Finished> {
    let address = server.url("");
    let mut all = words.to_vec();
    all.extend(["--server", &address]);
    taskyard(&all)
}

/// The same, while it goes on: for what is to be interrupted or watched.
fn begin(server: &TestServer, words: &[&str]) -> Result<(std::process::Child, Output)> {
    let mut command = Command::new(binary()?);
    command.args(words).args(["--server", &server.url("")]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let output = Output::of(&mut child)?;
    Ok((child, output))
}

/// What it says with `--json`.
fn json(server: &TestServer, words: &[&str]) -> Result<Value> {
    let ended = run(server, &[words, &["--json"]].concat())?;
    serde_json::from_str(&ended.stdout).with_context(|| format!("no JSON: {ended:?}"))
}

/// It ended with this code, and what it wrote says all of this.
#[track_caller]
fn assert_ended(ended: &Finished, code: i32, stdout: &[&str], stderr: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for part in stdout {
        assert!(ended.stdout.contains(part), "no \"{part}\" in {ended:?}");
    }
    for part in stderr {
        assert!(ended.stderr.contains(part), "no \"{part}\" in {ended:?}");
    }
}
