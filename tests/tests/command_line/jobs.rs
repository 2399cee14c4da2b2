//! Add, list, show, cancel, retry, delete, clear.

use std::fs;
use std::process::Command;

use anyhow::Result;
use serde_json::Value;
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::patience::{PAGE, eventually};
use taskyard_tests::picture::picture;
use taskyard_tests::program::start;
use taskyard_tests::server::{TestServer, binary};
use tempfile::TempDir;

use crate::{assert_ended, run};

const ADD: [&str; 5] = ["add", "demo", "name=Report", "duration=1", "failure_chance=0"];

#[test]
fn add_prints_the_number_alone_so_that_scripts_can_use_it() -> Result<()> {
    let server = TestServer::start()?;
    for number in ["1\n", "2\n"] {
        let added = run(&server, &ADD)?;
        assert_ended(&added, 0, &[], &[]);
        assert_eq!((added.stdout.as_str(), added.stderr.as_str()), (number, ""));
    }
    Ok(())
}

#[test]
fn add_waits_and_ends_with_the_outcome_of_the_job() -> Result<()> {
    let server = TestServer::start()?;
    let waited = run(&server, &[&ADD[..], &["--wait"]].concat())?;
    assert_ended(&waited, 0, &["job 1 is completed", "\"slept_s\": 1"], &["job 1 is added"]);
    let failed = run(&server, &["add", "demo", "name=a", "duration=1", "failure_chance=1", "--wait"])?;
    assert_ended(&failed, 1, &["job 2 is failed", "failed by chance (100 %)"], &[]);
    Ok(())
}

#[tokio::test]
async fn a_job_that_is_waited_for_can_be_cancelled_by_another() -> Result<()> {
    let server = TestServer::start()?;
    let mut waiting = Command::new(binary()?);
    waiting.args(["add", "demo", "name=long", "duration=30", "--wait", "--server", &server.url("")]);
    let waiting = start(waiting)?;
    let api = Api::new(server.address());
    let added = async || Ok((api.get("/api/v1/jobs/1").await?.status == 200).then_some(()));
    eventually(PAGE, added).await?;
    api.job_when(JobId(1), JobState::Processing).await?;
    let cancelled = run(&server, &["cancel", "1"])?;
    assert_ended(&cancelled, 0, &["job 1 is cancelled; its work is being stopped"], &[]);
    assert_ended(&waiting.wait()?, 2, &["job 1 is cancelled"], &[]);
    Ok(())
}

#[test]
fn what_was_added_is_listed_and_shown() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    run(&server, &ADD)?;
    run(&server, &["add", "demo", "name=Other", "duration=2"])?;
    assert_ended(
        &run(&server, &["list"])?,
        0,
        &["ID", "STATE", "Report (1 s)", "Other (2 s)", "pending"],
        &[],
    );
    let listed = run(&server, &["list", "--json", "--text", "report"])?;
    let page: Value = serde_json::from_str(&listed.stdout)?;
    assert_eq!((&page["rows"][0]["id"], &page["rows"][1]), (&Value::from(1), &Value::Null));
    assert_ended(&run(&server, &["show", "1"])?, 0, &["#1 Report 1 s", "pending", "\"duration\": 1"], &[]);
    let shown: Value = serde_json::from_str(&run(&server, &["show", "1", "--json"])?.stdout)?;
    assert_eq!(shown["job"]["name"], "Report");
    Ok(())
}

#[test]
fn cancel_retry_and_clear_tell_what_came_of_each_job() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    run(&server, &ADD)?;
    run(&server, &ADD)?;
    let cancelled = run(&server, &["cancel", "1", "77", "2"])?;
    assert_ended(&cancelled, 3, &["job 1 is cancelled", "job 2 is cancelled"], &["there is no job 77"]);
    assert_ended(&run(&server, &["cancel", "1"])?, 3, &[], &["job 1 is already finished: it is cancelled"]);
    assert_ended(&run(&server, &["retry", "1"])?, 0, &["job 1 is to run again"], &[]);
    assert_ended(&run(&server, &["clear"])?, 0, &["1 finished job deleted"], &[]);
    assert_ended(&run(&server, &["show", "2"])?, 3, &[], &["there is no job 2"]);
    Ok(())
}

#[test]
fn a_job_is_deleted_by_its_number_and_gets_another_priority() -> Result<()> {
    let server = TestServer::start()?;
    run(&server, &["pause", "demo"])?;
    run(&server, &ADD)?;
    run(&server, &ADD)?;
    assert_ended(&run(&server, &["priority", "2", "50"])?, 0, &["job 2 has priority 50"], &[]);
    assert_ended(&run(&server, &["list"])?, 0, &["PRIORITY", "50"], &[]);
    assert_ended(&run(&server, &["delete", "1"])?, 3, &[], &["job 1"]);
    run(&server, &["cancel", "1"])?;
    assert_ended(&run(&server, &["delete", "1"])?, 0, &["job 1 is deleted"], &[]);
    assert_ended(&run(&server, &["show", "1"])?, 3, &[], &["there is no job 1"]);
    assert_ended(&run(&server, &["priority", "1", "5"])?, 3, &[], &["there is no job 1"]);
    Ok(())
}

#[tokio::test]
async fn a_picture_is_uploaded_and_its_copies_can_be_fetched() -> Result<()> {
    let server = TestServer::start()?;
    let folder = TempDir::new()?;
    let photo = folder.path().join("holiday.png");
    fs::write(&photo, picture()?)?;
    let file = photo.display().to_string();
    let words = ["add", "image", "--file", &file, "--args", r#"{"widths":[48]}"#];
    let done = run(&server, &[&words[..], &["--wait"]].concat())?;
    assert_ended(&done, 0, &["job 1 is completed", "holiday-48.webp", "image/webp"], &[]);
    let path = "/api/v1/jobs/1/artifacts/holiday-48.webp";
    assert!(done.stdout.contains(&server.url(path)), "{}", done.stdout);
    let copy = Api::new(server.address()).get(path).await?;
    assert_eq!(image::load_from_memory(&copy.body)?.width(), 48);
    Ok(())
}
