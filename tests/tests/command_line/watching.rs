//! `taskyard watch` into a pipe: a line for each change.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use taskyard_tests::output::Output;
use taskyard_tests::patience::{PAGE, until};
use taskyard_tests::server::{TestServer, binary};

use crate::{assert_ended, run};

#[test]
fn watch_writes_a_line_for_each_change_until_it_is_interrupted() -> Result<()> {
    let server = TestServer::start()?;
    let mut command = Command::new(binary()?);
    command.args(["watch", "--server", &server.url("")]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let output = Output::of(&mut child)?;
    // The queues come at once, as they stand.
    output.line_after("queue demo: 0 pending", PAGE).context("it shows no queue")?;
    let added = run(&server, &["add", "demo", "name=Report", "duration=1", "failure_chance=0"])?;
    assert_ended(&added, 0, &["1"], &[]);
    for change in ["job 1 demo processing", "job 1 demo completed", "1 completed, 0 failed"] {
        output.line_after(change, PAGE).with_context(|| format!("no \"{change}\" in\n{}", output.text()))?;
    }
    kill_process(Pid::from_child(&child), Signal::INT)?;
    let status = until(PAGE, || Ok(child.try_wait()?))?;
    assert_eq!(status.code(), Some(0));
    Ok(())
}
