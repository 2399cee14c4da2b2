//! `taskyard watch` into a pipe: a line for each change.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use taskyard_tests::patience::{PAGE, until};
use taskyard_tests::server::TestServer;

use crate::{assert_ended, begin, run};

#[test]
fn watch_writes_a_line_for_each_change_until_it_is_interrupted() -> Result<()> {
    let server = TestServer::start()?;
    let (mut child, output) = begin(&server, &["watch"])?;
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

#[test]
fn watch_writes_json_lines_for_programs() -> Result<()> {
    let server = TestServer::start()?;
    let (mut child, output) = begin(&server, &["watch", "--json"])?;
    output.line_after("\"type\":\"queue\"", PAGE).context("it shows no queue")?;
    run(&server, &["add", "demo", "name=Report", "duration=1", "failure_chance=0"])?;
    output.line_after("\"state\":\"completed\"", PAGE).context("the job does not complete")?;
    kill_process(Pid::from_child(&child), Signal::INT)?;
    until(PAGE, || Ok(child.try_wait()?))?;
    for line in output.text().lines() {
        let change: Value = serde_json::from_str(line)?;
        let kind = change["type"].as_str().unwrap_or_default();
        assert!(["queue", "job", "removed"].contains(&kind), "{line}");
    }
    Ok(())
}
