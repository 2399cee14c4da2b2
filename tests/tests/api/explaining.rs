//! Why a job is not running: one test for each reason that there can be.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::patience::eventually;
use taskyard_tests::server::TestServer;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::{assert_problem, demo, paused_server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
const STEP: Duration = Duration::from_secs(20);

async fn explain(api: &Api, id: JobId) -> Result<Value> {
    api.get(&format!("/api/v1/jobs/{id}/explain")).await?.json()
}

/// The explanation, once one of its reasons is of this type.
async fn because(api: &Api, id: JobId, reason: &str) -> Result<Value> {
    let found = async || {
        let explanation = explain(api, id).await?;
        let mut reasons = explanation["reasons"].as_array().into_iter().flatten();
        Ok(reasons.find(|found| found["type"] == reason).cloned())
    };
    eventually(STEP, found).await
}

#[tokio::test]
async fn a_paused_queue_and_the_jobs_before_it() -> Result<()> {
    let (_server, api) = paused_server().await?;
    for number in 1..=3 {
        api.add(&demo(&format!("job {number}"), 1)).await?;
    }
    let explanation = explain(&api, JobId(3)).await?;
    assert_eq!((&explanation["job"], &explanation["state"]), (&json!(3), &json!("pending")));
    let reasons = json!([
        { "type": "queue_paused", "queue": "demo" },
        { "type": "behind", "jobs": 2, "at_least": false },
    ]);
    assert_eq!(explanation["reasons"], reasons);
    assert_problem(&api.get("/api/v1/jobs/99/explain").await?, 404, "not_found");
    Ok(())
}

#[tokio::test]
async fn a_run_time_that_has_not_come() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let mut job = demo("later", 1);
    job.delay_ms = Some(3_600_000);
    let id = api.add(&job).await?;
    let run_at_ms = api.job(id).await?.job.run_at_ms;
    let explanation = explain(&api, id).await?;
    assert_eq!(explanation["reasons"], json!([{ "type": "run_time", "run_at_ms": run_at_ms }]));
    assert_eq!(explanation["estimated_start_ms"], json!(run_at_ms));
    Ok(())
}

#[tokio::test]
async fn jobs_that_it_waits_for_and_one_of_them_that_failed() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let jobs = json!({
        "jobs": [
            { "kind": "demo", "args": { "name": "a" }, "ref": "a" },
            { "kind": "demo", "args": { "name": "b" }, "ref": "b" },
            { "kind": "demo", "args": { "name": "c" }, "after": [{ "ref": "a" }, { "ref": "b" }] },
        ],
    });
    assert_eq!(api.post("/api/v1/jobs/bulk", &jobs).await?.status, 201);
    let explanation = explain(&api, JobId(3)).await?;
    assert_eq!(explanation["reasons"], json!([{ "type": "waits_for", "jobs": [1, 2], "count": 2 }]));
    api.post("/api/v1/jobs/1/cancel", &json!({})).await?;
    let failed = because(&api, JobId(3), "dependency_failed").await?;
    assert_eq!(failed["job"], 1);
    Ok(())
}

#[tokio::test]
async fn slots_that_are_all_taken() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let running = api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?;
    api.job_when(running, JobState::Processing).await?;
    let waiting = api.add(&TestArgs::default().job()).await?;
    let reason = because(&api, waiting, "no_free_slot").await?;
    assert_eq!(reason, json!({ "type": "no_free_slot", "queue": "test", "slots": 1, "held_by": [running] }));
    let explanation = explain(&api, running).await?;
    assert_eq!((&explanation["state"], &explanation["reasons"]), (&json!("processing"), &json!([])));
    make_file(&go_on)?;
    api.job_when(waiting, JobState::Completed).await?;
    assert_eq!(explain(&api, waiting).await?["reasons"], json!([]));
    Ok(())
}

#[tokio::test]
async fn a_limit_of_its_key() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let limit = json!({ "name": "per-note", "kind": "test", "key": "/note", "concurrency": 1 });
    assert_eq!(api.put("/api/v1/limits/per-note", &limit).await?.status, 200);
    let job = TestArgs::new(Does::Block).file(&go_on).note("ada").job();
    let running = api.add(&job).await?;
    api.patch("/api/v1/queues/test", &json!({ "concurrency": 4 })).await?;
    api.job_when(running, JobState::Processing).await?;
    let held_back = api.add(&job).await?;
    let reason = because(&api, held_back, "limited").await?;
    assert_eq!((&reason["limit"], &reason["free_at_ms"]), (&json!("per-note"), &Value::Null));
    assert!(reason["key"].as_str().is_some_and(|key| key.contains("ada")), "{reason}");
    make_file(&go_on)?;
    api.job_when(held_back, JobState::Completed).await?;
    Ok(())
}

#[tokio::test]
async fn a_rate_that_allows_the_next_start_later() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let rate = json!({ "count": 1, "per_ms": 3_600_000 });
    let limit = json!({ "name": "hourly", "queue": "test", "rate": rate });
    assert_eq!(api.put("/api/v1/limits/hourly", &limit).await?.status, 200);
    let first = api.add(&TestArgs::default().job()).await?;
    let started_at_ms = api.job_when(first, JobState::Completed).await?.job.started_at_ms;
    let second = api.add(&TestArgs::default().job()).await?;
    let reason = because(&api, second, "limited").await?;
    let free_at_ms = reason["free_at_ms"].as_i64().unwrap_or_default();
    let waits_ms = free_at_ms - started_at_ms.unwrap_or_default();
    assert!((3_590_000..=3_610_000).contains(&waits_ms), "{reason}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_stops() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default().set("shutdown.deadline_s", 30))?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let running = api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?;
    api.job_when(running, JobState::Processing).await?;
    let waiting = api.add(&TestArgs::default().job()).await?;
    yard.ask_to_stop()?;
    because(&api, waiting, "stopping").await?;
    make_file(&go_on)?;
    Ok(())
}

#[tokio::test]
async fn a_kind_that_the_server_does_not_know() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    api.add(&TestArgs::default().job()).await?;
    api.patch("/api/v1/queues/test", &json!({ "paused": true })).await?;
    let orphan = api.add(&TestArgs::default().job()).await?;
    yard.kill9()?;
    // The program `taskyard` does not come with the kind `test`.
    let server = TestServer::start_prepared(&[], |folder| copy_folder(&yard.data_folder(), folder))?;
    let reason = because(&Api::new(server.address()), orphan, "no_worker").await?;
    assert_eq!(reason["kind"], "test");
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
