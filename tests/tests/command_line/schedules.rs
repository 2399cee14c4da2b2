//! Schedules.

use anyhow::Result;
use serde_json::json as object;
use taskyard_tests::server::TestServer;

use crate::{assert_ended, json, run};

#[test]
fn a_schedule_is_set_listed_paused_run_and_removed() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    let mut words = vec!["schedule", "set", "weekly", "--cron", "0 9 * * MON", "--zone", "Europe/Berlin"];
    words.extend(["--overlap", "skip", "--missed", "run-all", "demo", "name=Report", "--priority", "7"]);
    assert_ended(&run(&server, &words)?, 0, &["schedule weekly runs next at Mon ", " 09:00:00 +0"], &[]);
    let listed = run(&server, &["schedules"])?;
    assert_ended(&listed, 0, &["weekly", "0 9 * * MON", "Europe/Berlin", "skip", "run-all", "in "], &[]);
    let stored = &json(&server, &["schedules"])?["schedules"][0]["schedule"];
    assert_eq!((&stored["overlap"], &stored["missed"]), (&"skip".into(), &"run_all".into()));
    assert_eq!(stored["job"], object!({ "kind": "demo", "args": { "name": "Report" }, "priority": 7 }));
    assert_ended(&run(&server, &["schedule", "run", "weekly"])?, 0, &["has added its job: job 1"], &[]);
    assert_eq!(json(&server, &["show", "1"])?["job"]["priority"], 7);
    let paused = run(&server, &["schedule", "pause", "weekly"])?;
    assert_ended(&paused, 0, &["schedule weekly is paused"], &[]);
    assert_ended(&run(&server, &["schedule", "resume", "weekly"])?, 0, &["runs next at Mon"], &[]);
    assert_ended(&run(&server, &["schedule", "remove", "weekly"])?, 0, &["is removed"], &[]);
    assert_ended(&run(&server, &["schedules"])?, 0, &[], &["no schedules"]);
    Ok(())
}

#[test]
fn a_preview_shows_the_next_ten_runs_in_the_zone() -> Result<()> {
    let server = TestServer::start()?;
    let words = ["schedule", "preview", "0 9 1 1 *", "--zone", "Asia/Tokyo"];
    let preview = run(&server, &words)?;
    assert_ended(&preview, 0, &["-01-01 09:00:00 +09:00"], &[]);
    assert_eq!(preview.stdout.lines().count(), 10, "{preview:?}");
    assert_eq!(json(&server, &words)?["runs_at_ms"].as_array().map(Vec::len), Some(10));
    Ok(())
}
