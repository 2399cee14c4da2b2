//! Why a job does not run, and what its work wrote.

use anyhow::{Context, Result};
use taskyard_tests::patience::PAGE;
use taskyard_tests::program::taskyard;
use taskyard_tests::server::TestServer;

use crate::{assert_ended, begin, json, run};

const ADD: [&str; 5] = ["add", "demo", "name=Report", "duration=1", "failure_chance=0"];

#[test]
fn every_reason_is_a_sentence() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["add", "demo", "name=long", "duration=30"])?;
    run(&server, &ADD)?;
    run(&server, &ADD)?;
    let explained = run(&server, &["explain", "3"])?;
    let says = [
        "job 3 is pending:",
        "the only slot of queue demo is taken, by job 1",
        "1 job of its queue comes first",
    ];
    assert_ended(&explained, 0, &says, &[]);
    run(&server, &["pause", "demo"])?;
    let explained = run(&server, &["explain", "2"])?;
    assert_ended(&explained, 0, &["queue demo is paused: `taskyard resume demo` lets it go on"], &[]);
    assert_ended(&run(&server, &["explain", "1"])?, 0, &["job 1 is processing"], &[]);
    let reasons = json(&server, &["explain", "2"])?;
    assert_eq!((&reasons["job"], &reasons["reasons"][0]["type"]), (&2.into(), &"queue_paused".into()));
    Ok(())
}

#[test]
fn the_log_of_a_job_is_shown_and_cut_to_the_newest_lines() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &[&ADD[..], &["--wait"]].concat())?;
    let log = run(&server, &["log", "1"])?;
    assert_ended(&log, 0, &["info  sleeps 1 s in ten steps", "step 10 of 10 done"], &[]);
    assert_eq!(log.stdout.lines().count(), 11, "{log:?}");
    let newest = run(&server, &["log", "1", "--limit", "2"])?;
    assert_eq!(newest.stdout.lines().count(), 2, "{newest:?}");
    assert_eq!(json(&server, &["log", "1"])?["lines"].as_array().map(Vec::len), Some(11));
    Ok(())
}

#[test]
fn a_log_is_followed_until_the_job_has_ended_and_each_line_comes_once() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["add", "demo", "name=Report", "duration=2", "failure_chance=0"])?;
    let (mut child, output) = begin(&server, &["log", "1", "--follow"])?;
    output.line_after("step 1 of 10 done", PAGE).context("it shows no line")?;
    assert_eq!(child.wait()?.code(), Some(0));
    output.line_after("step 10 of 10 done", PAGE).context("the last line is missing")?;
    assert_eq!(output.text().lines().filter(|line| line.contains("step ")).count(), 10, "{}", output.text());
    Ok(())
}

#[test]
fn a_followed_log_is_one_json_object_a_line_for_programs() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &[&ADD[..], &["--wait"]].concat())?;
    let address = server.url("");
    let log = taskyard(&["log", "1", "--follow", "--json", "--server", &address])?;
    let lines: Vec<serde_json::Value> =
        log.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert_eq!((lines.len(), &lines[10]["text"]), (11, &"step 10 of 10 done".into()));
    Ok(())
}
