//! Queues and their settings.

use anyhow::{Context, Result};
use serde_json::{Value, json as object};
use taskyard_tests::server::TestServer;

use crate::{assert_ended, json, run};

fn demo(server: &TestServer) -> Result<Value> {
    let queues = json(server, &["queues"])?;
    let queues = queues["queues"].as_array().context("no queues")?;
    queues.iter().find(|queue| queue["name"] == "demo").cloned().context("no demo queue")
}

#[test]
fn queues_are_shown_and_changed() -> Result<()> {
    let server = TestServer::start()?;
    assert_ended(&run(&server, &["pause", "demo"])?, 0, &["queue demo is paused"], &[]);
    assert_ended(&run(&server, &["concurrency", "demo", "4"])?, 0, &["4 at a time"], &[]);
    let queue = demo(&server)?;
    assert_eq!((&queue["paused"], &queue["concurrency"]), (&true.into(), &4.into()));
    assert_ended(&run(&server, &["resume", "demo"])?, 0, &["demo"], &[]);
    assert_ended(&run(&server, &["pause", "none"])?, 3, &[], &["there is no queue \"none\""]);
    assert_ended(&run(&server, &["kinds"])?, 0, &["contact-sheet", "demo", "http", "image", "report"], &[]);
    Ok(())
}

#[test]
fn what_a_queue_says_for_its_jobs_is_set_and_taken_back() -> Result<()> {
    let server = TestServer::start()?;
    let mut words = vec!["queue", "demo", "--max-attempts", "3", "--timeout", "5m"];
    words.extend(["--keep-completed", "2d", "--keep-failed", "30d,10000"]);
    let says = ["max attempts    3", "5m", "keeps completed for 2d", "for 30d, the newest 10,000 jobs"];
    assert_ended(&run(&server, &words)?, 0, &says, &[]);
    let keep = json(&server, &["queue", "demo"])?["retention"].clone();
    run(&server, &["queue", "demo", "--max-attempts", "default", "--keep-completed", "all"])?;
    let queue = demo(&server)?;
    assert_eq!((queue.get("max_attempts"), &queue["timeout_ms"]), (None, &300_000.into()));
    assert_eq!(queue["retention"]["completed"], object!({ "max_age_ms": null, "max_count": null }));
    assert_eq!(queue["retention"]["failed"], keep["failed"], "what is not said stays");
    Ok(())
}

#[test]
fn a_queue_that_drains_takes_no_more_jobs() -> Result<()> {
    let server = TestServer::start()?;
    assert_ended(&run(&server, &["queue", "demo", "--drain"])?, 0, &["takes no more jobs"], &[]);
    assert_ended(&run(&server, &["queues"])?, 0, &["draining"], &[]);
    assert_ended(&run(&server, &["add", "demo", "name=a"])?, 3, &[], &["demo"]);
    run(&server, &["queue", "demo", "--no-drain"])?;
    assert_ended(&run(&server, &["add", "demo", "name=a"])?, 0, &["1\n"], &[]);
    Ok(())
}
