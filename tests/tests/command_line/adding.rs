//! When and how a job runs: the options of `add`.

use anyhow::Result;
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;

use crate::{assert_ended, json, run};

#[test]
fn what_add_is_told_of_a_job_is_what_is_stored() -> Result<()> {
    let server = TestServer::start()?;
    let mut words = vec!["add", "demo", "name=Later", "--run-at", "2035-01-31T10:00:00+01:00"];
    words.extend(["--expires-at", "2035-02-01T00:00:00Z", "--priority", "-5", "--max-attempts", "7"]);
    words.extend([
        "--backoff",
        "exponential:5s..10m~0%",
        "--timeout",
        "90s",
        "--cache-for",
        "10m",
        "--unique=tea",
    ]);
    assert_ended(&run(&server, &words)?, 0, &["1\n"], &[]);
    let shown = json(&server, &["show", "1"])?;
    let job = &shown["job"];
    assert_eq!(
        (&job["state"], &job["priority"], &job["max_attempts"]),
        (&"scheduled".into(), &(-5).into(), &7.into())
    );
    assert_eq!(job["run_at_ms"], 2_053_846_800_000_i64);
    let options = &shown["options"];
    assert_eq!(
        (&options["timeout_ms"], &options["expires_at_ms"]),
        (&90_000.into(), &2_053_900_800_000_i64.into())
    );
    assert_eq!(options["cache_for_ms"], 600_000);
    let backoff = serde_json::json!({
        "curve": "exponential", "base_ms": 5_000, "max_ms": 600_000, "jitter_percent": 0
    });
    assert_eq!(options["backoff"], backoff);
    let says =
        ["scheduled", "priority", "-5", "up to 7 attempts, exponential:5s..10m~0%", "1m30s", "10m", "tea"];
    assert_ended(&run(&server, &["show", "1"])?, 0, &says, &[]);
    assert_ended(&run(&server, &["list"])?, 0, &["RUNS", "in ", " d "], &[]);
    Ok(())
}

#[test]
fn a_job_for_later_is_waited_for_too() -> Result<()> {
    let server = TestServer::start()?;
    let words = ["add", "demo", "name=Later", "duration=1", "failure_chance=0", "--delay", "1s", "--wait"];
    assert_ended(&run(&server, &words)?, 0, &["job 1 is completed"], &["job 1 is scheduled for"]);
    Ok(())
}

#[test]
fn a_failed_attempt_is_tried_again_while_one_waits_and_the_log_shows_both() -> Result<()> {
    let server = TestServer::start()?;
    let mut words = vec!["add", "demo", "name=a", "duration=1", "failure_chance=1", "--wait", "--log"];
    words.extend(["--max-attempts", "2", "--backoff", "fixed:1s~0%"]);
    let failed = run(&server, &words)?;
    assert_ended(&failed, 1, &["job 1 is failed", "failed by chance"], &["after 1 of 2 failed", "attempt 2"]);
    let began = failed.stderr.lines().filter(|line| line.contains("sleeps 1 s in ten steps"));
    assert_eq!(began.count(), 2, "{failed:?}");
    let attempts = json(&server, &["show", "1"])?["attempts"].as_array().map(Vec::len);
    assert_eq!(attempts, Some(2));
    Ok(())
}

#[tokio::test]
async fn a_scheduled_job_that_is_retried_runs_now() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["add", "demo", "name=a", "duration=1", "failure_chance=0", "--delay", "2h"])?;
    assert_ended(&run(&server, &["explain", "1"])?, 0, &["its run time comes in 1 h 59 min"], &[]);
    assert_ended(&run(&server, &["retry", "1"])?, 0, &["job 1 is to run again"], &[]);
    Api::new(server.address()).job_when(JobId(1), JobState::Completed).await?;
    Ok(())
}

#[test]
fn a_job_comes_after_others() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    run(&server, &["add", "demo", "name=First"])?;
    let second = ["add", "demo", "name=Second", "--after", "1", "--on-failure", "cancel"];
    assert_ended(&run(&server, &second)?, 0, &["2\n"], &[]);
    assert_ended(&run(&server, &["show", "2"])?, 0, &["waiting", "job 1 has not ended", "is cancelled"], &[]);
    assert_ended(&run(&server, &["show", "1"])?, 0, &["Comes before", "job 2 waits"], &[]);
    assert_ended(&run(&server, &["explain", "2"])?, 0, &["job 2 is waiting:", "it waits for job 1"], &[]);
    run(&server, &["cancel", "1"])?;
    assert_eq!(json(&server, &["show", "2"])?["job"]["state"], "cancelled");
    Ok(())
}

#[test]
fn a_unique_job_is_refused_found_or_replaced() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    let add = |more: &[&str]| run(&server, &[&["add", "demo", "--unique=tea"], more].concat());
    assert_ended(&add(&["name=a"])?, 0, &["1\n"], &[]);
    assert_ended(&add(&["name=b"])?, 3, &[], &["job 1 has the same unique key"]);
    assert_ended(&add(&["name=b", "--on-conflict", "existing"])?, 0, &["1\n"], &[]);
    assert_eq!(json(&server, &["show", "1"])?["args"]["name"], "a");
    assert_ended(&add(&["name=b", "--on-conflict", "replace"])?, 0, &["1\n"], &[]);
    assert_eq!(json(&server, &["show", "1"])?["args"]["name"], "b");
    // Without a key, the arguments are it; and the pair behind the option is an argument.
    let same = ["add", "demo", "--unique", "name=c", "--unique-for", "1h"];
    assert_ended(&run(&server, &same)?, 0, &["2\n"], &[]);
    assert_ended(&run(&server, &same)?, 3, &[], &["job 2 has the same unique key"]);
    Ok(())
}

#[test]
fn a_repeated_request_adds_nothing() -> Result<()> {
    let server = TestServer::start()?;
    let words = ["add", "demo", "name=a", "--delay", "1h", "--idempotency-key", "order-7"];
    for _ in 0..2 {
        assert_ended(&run(&server, &words)?, 0, &["1\n"], &[]);
    }
    let other = ["add", "demo", "name=b", "--idempotency-key", "order-7"];
    assert_ended(&run(&server, &other)?, 3, &[], &["dempotency"]);
    Ok(())
}
