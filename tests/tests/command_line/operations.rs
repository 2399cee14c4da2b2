//! Many jobs at once: the count-down, Ctrl-C, and undoing from elsewhere.

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use taskyard_tests::patience::PAGE;
use taskyard_tests::server::TestServer;

use crate::{assert_ended, begin, json, run};

/// A server on which three jobs of the queue `demo` and one of `other` wait.
fn with_jobs() -> Result<TestServer> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    for _ in 0..3 {
        run(&server, &["add", "demo", "name=Tea"])?;
    }
    run(&server, &["add", "demo", "name=Other", "--queue", "other", "--delay", "1h"])?;
    Ok(server)
}

fn count(server: &TestServer, state: &str) -> Result<Option<usize>> {
    Ok(json(server, &["list", "--state", state])?["rows"].as_array().map(Vec::len))
}

#[test]
fn all_jobs_that_match_are_cancelled_retried_and_deleted() -> Result<()> {
    let server = with_jobs()?;
    let bulk = |words: &[&str]| run(&server, &[words, &["--all", "--yes", "--undo-for", "0s"]].concat());
    assert_ended(&bulk(&["priority", "-5", "--queue", "demo"])?, 0, &["3 jobs given priority -5"], &[]);
    assert_ended(&bulk(&["cancel", "--text", "tea"])?, 0, &["3 jobs cancelled"], &[]);
    assert_eq!((count(&server, "cancelled")?, count(&server, "scheduled")?), (Some(3), Some(1)));
    assert_ended(&bulk(&["retry", "--state", "cancelled"])?, 0, &["3 jobs to run again"], &[]);
    assert_ended(&bulk(&["cancel"])?, 0, &["4 jobs cancelled"], &[]);
    assert_ended(&bulk(&["delete", "--queue", "other"])?, 0, &["1 job deleted"], &[]);
    assert_eq!(count(&server, "cancelled")?, Some(3));
    let operations = run(&server, &["operations"])?;
    assert_ended(&operations, 0, &["priority -5", "all jobs, queue demo", "cancelled jobs", "delete"], &[]);
    Ok(())
}

#[test]
fn an_operation_ends_as_json_with_what_it_came_to() -> Result<()> {
    let server = with_jobs()?;
    let ended = json(&server, &["cancel", "--all", "--queue", "demo", "--yes", "--undo-for", "100ms"])?;
    assert_eq!((&ended["state"], &ended["done"], &ended["id"]), (&"done".into(), &3.into(), &1.into()));
    Ok(())
}

#[test]
fn ctrl_c_during_the_count_down_undoes_it() -> Result<()> {
    let server = with_jobs()?;
    let (mut child, output) = begin(&server, &["cancel", "--all", "--yes", "--undo-for", "60s"])?;
    let counting = "operation 1 will cancel all jobs in 60 s; Ctrl-C undoes it";
    output.line_after(counting, PAGE).with_context(|| output.text())?;
    kill_process(Pid::from_child(&child), Signal::INT)?;
    assert_eq!(child.wait()?.code(), Some(2));
    output.line_after("operation 1 is undone; nothing was changed", PAGE).with_context(|| output.text())?;
    assert_eq!((count(&server, "pending")?, count(&server, "scheduled")?), (Some(3), Some(1)));
    Ok(())
}

#[test]
fn another_can_undo_it_and_whoever_waits_hears_of_it() -> Result<()> {
    let server = with_jobs()?;
    let (mut child, output) = begin(&server, &["delete", "--all", "--yes", "--undo-for", "60s"])?;
    output.line_after("operation 1 will delete all jobs", PAGE).with_context(|| output.text())?;
    assert_ended(&run(&server, &["operations"])?, 0, &["waiting", "delete", "STARTS", "in "], &[]);
    assert_ended(&run(&server, &["undo", "1"])?, 0, &["operation 1 is undone; nothing was changed"], &[]);
    assert_eq!(child.wait()?.code(), Some(2));
    // To undo it once more changes nothing, and says so.
    assert_ended(&run(&server, &["undo", "1"])?, 0, &["operation 1 is undone"], &[]);
    assert_ended(&run(&server, &["undo", "2"])?, 3, &[], &["there is no operation 2"]);
    Ok(())
}
