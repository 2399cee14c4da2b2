//! `--json`: one value on stdout, whatever is asked; problems on stderr.

use std::fs;

use anyhow::Result;
use serde_json::Value;
use taskyard_tests::program::taskyard;
use taskyard_tests::server::TestServer;
use tempfile::TempDir;

use crate::{assert_ended, run};

/// With what the answer has that tells it from others.
const COMMANDS: [(&[&str], &str); 31] = [
    (&["pause", "demo"], "/paused"),
    (&["add", "demo", "name=a"], "/id"),
    (&["add", "demo", "name=b", "--delay", "1h"], "/id"),
    (&["list"], "/rows/0/id"),
    (&["show", "1"], "/job/id"),
    (&["explain", "1"], "/reasons/0/type"),
    (&["log", "1"], "/lines"),
    (&["priority", "1", "5"], "/priority"),
    (&["cancel", "1"], "/0/was_running"),
    (&["retry", "1"], "/0/id"),
    (&["cancel", "1", "2"], "/1/id"),
    (&["delete", "1"], "/0/id"),
    (&["clear"], "/count"),
    (&["queues"], "/queues/0/name"),
    (&["kinds"], "/kinds/0/kind"),
    (&["queue", "demo"], "/name"),
    (&["queue", "demo", "--max-attempts", "2"], "/max_attempts"),
    (&["concurrency", "demo", "2"], "/concurrency"),
    (&["limit", "set", "mail", "--kind", "demo", "--rate", "10/s"], "/limit/limit/name"),
    (&["limits"], "/limits/0/limit/name"),
    (&["limit", "remove", "mail"], "/name"),
    (&["schedule", "set", "x", "--cron", "@daily", "demo", "name=c"], "/schedule/schedule/name"),
    (&["schedules"], "/schedules/0/schedule/name"),
    (&["schedule", "pause", "x"], "/schedule/schedule/paused"),
    (&["schedule", "resume", "x"], "/schedule/next_run_at_ms"),
    (&["schedule", "run", "x"], "/schedule/last_job"),
    (&["schedule", "preview", "@daily"], "/runs_at_ms/9"),
    (&["schedule", "remove", "x"], "/name"),
    (&["cancel", "--all", "--yes", "--undo-for", "0s"], "/done"),
    (&["operations"], "/operations/0/id"),
    (&["resume", "demo"], "/paused"),
];

#[test]
fn every_command_answers_with_one_value() -> Result<()> {
    let server = TestServer::start()?;
    for (words, pointer) in COMMANDS {
        let ended = run(&server, &[words, &["--json"]].concat())?;
        assert_ended(&ended, 0, &[], &[]);
        let answer: Value = serde_json::from_str(&ended.stdout)?;
        assert!(answer.pointer(pointer).is_some(), "{words:?} has no {pointer}: {answer}");
        assert_eq!(ended.stderr, "", "{words:?}");
    }
    Ok(())
}

#[test]
fn a_job_that_is_waited_for_is_one_value_too() -> Result<()> {
    let server = TestServer::start()?;
    let words = ["add", "demo", "name=a", "duration=1", "failure_chance=0", "--wait", "--json"];
    let ended = run(&server, &words)?;
    assert_ended(&ended, 0, &[], &[]);
    let detail: Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!((&detail["job"]["state"], ended.stderr.as_str()), (&"completed".into(), ""));
    Ok(())
}

#[test]
fn several_jobs_are_one_value_as_well() -> Result<()> {
    let server = TestServer::start()?;
    let folder = TempDir::new()?;
    let file = folder.path().join("jobs.json");
    fs::write(&file, r#"[{"kind":"demo","args":{"name":"a"}}]"#)?;
    let path = file.display().to_string();
    let added = run(&server, &["add-many", &path, "--batch", "x", "--json"])?;
    let answer: Value = serde_json::from_str(&added.stdout)?;
    assert_eq!((&answer["batch"], &answer["outcomes"][0]["type"]), (&1.into(), &"added".into()));
    assert_eq!(added.stderr, "");
    Ok(())
}

#[test]
fn a_refusal_is_the_servers_problem_and_a_mistake_is_like_one() -> Result<()> {
    let server = TestServer::start()?;
    let refused = run(&server, &["show", "77", "--json"])?;
    assert_ended(&refused, 3, &[], &[]);
    let problem: Value = serde_json::from_str(&refused.stderr)?;
    assert_eq!((&problem["status"], &problem["code"]), (&404.into(), &"not_found".into()));
    assert_eq!((&problem["detail"], refused.stdout.as_str()), (&"there is no job 77".into(), ""));
    for words in [&["list", "--limit", "0"][..], &["priority", "1"], &["cancel", "--all"]] {
        let mistake = run(&server, &[words, &["--json"]].concat())?;
        assert_ended(&mistake, 3, &[], &[]);
        let problem: Value = serde_json::from_str(&mistake.stderr)?;
        assert_eq!(problem["title"], "Wrong usage", "{words:?}");
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{words:?}");
    }
    let nobody = taskyard(&["list", "--json", "--server", "http://127.0.0.1:1"])?;
    let problem: Value = serde_json::from_str(&nobody.stderr)?;
    assert_eq!((nobody.code, &problem["title"]), (Some(3), &"No server".into()));
    Ok(())
}

#[test]
fn one_refusal_of_several_leaves_the_answers_of_the_others() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["add", "demo", "name=a", "--delay", "1h"])?;
    let ended = run(&server, &["cancel", "77", "1", "--json"])?;
    assert_ended(&ended, 3, &[], &[]);
    let answers: Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!((&answers[0]["id"], answers.as_array().map(Vec::len)), (&1.into(), Some(1)));
    assert_eq!(serde_json::from_str::<Value>(&ended.stderr)?["code"], "not_found");
    Ok(())
}
