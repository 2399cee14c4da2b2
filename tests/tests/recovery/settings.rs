//! What people have set, and what jobs have written.

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::view::YardLists;
use taskyard_tests::api::Api;
use taskyard_tests::patience::eventually;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::ending::{End, WORK, start};

#[tokio::test]
async fn settings_are_kept_after_a_kill() -> Result<()> {
    settings_are_kept(End::Killed).await
}

#[tokio::test]
async fn settings_are_kept_after_a_stop() -> Result<()> {
    settings_are_kept(End::Stopped).await
}

/// Queues, limits and schedules as they stand.
async fn everything_set(api: &Api) -> Result<(Vec<QueueStatus>, YardLists)> {
    let limits: Value = api.get("/api/v1/limits").await?.json()?;
    let schedules: Value = api.get("/api/v1/schedules").await?.json()?;
    let lists = YardLists {
        limits: serde_json::from_value(limits["limits"].clone())?,
        schedules: serde_json::from_value(schedules["schedules"].clone())?,
        operations: Vec::new(),
    };
    Ok((api.queues().await?, lists))
}

async fn settings_are_kept(end: End) -> Result<()> {
    let mut yard = start()?;
    let api = Api::new(yard.address());
    for queue in ["paused", "draining"] {
        let first = api.add(&TestArgs::default().job_in(queue)).await?;
        api.job_when(first, JobState::Completed).await?;
    }
    let keep = json!({ "completed": { "max_age_ms": 7_200_000, "max_count": 5 } });
    let changes = [
        ("paused", json!({ "paused": true, "concurrency": 7, "max_attempts": 3, "timeout_ms": 5_000 })),
        ("draining", json!({ "draining": true, "retention": keep })),
    ];
    for (queue, change) in changes {
        let answer = api.patch(&format!("/api/v1/queues/{queue}"), &change).await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let limit = json!({ "name": "narrow", "queue": "paused", "key": "/key", "concurrency": 2,
                        "rate": { "count": 3, "per_ms": 60_000, "burst": 2 } });
    let schedule = json!({ "name": "nightly", "cron": "30 2 * * *", "zone": "Europe/Berlin", "paused": true,
                           "job": TestArgs::default().note("night").job_in("paused"),
                           "overlap": "skip", "missed": "run_all" });
    for (path, body) in [("/api/v1/limits/narrow", limit), ("/api/v1/schedules/nightly", schedule)] {
        let answer = api.put(path, &body).await?;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let waits = api.add(&TestArgs::default().job_in("paused")).await?;
    let before = everything_set(&api).await?;
    let terms = api.job(waits).await?;
    assert_eq!((terms.job.max_attempts, terms.options.timeout_ms), (3, Some(5_000)));

    let api = end.and_back(&mut yard)?;
    assert_eq!(everything_set(&api).await?, before);
    assert_eq!(api.job(waits).await?, terms);
    let refused = api.post("/api/v1/jobs", &json!(TestArgs::default().job_in("draining"))).await?;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert_eq!(api.patch("/api/v1/queues/paused", &json!({ "paused": false })).await?.status, 200);
    api.job_when(waits, JobState::Completed).await?;
    Ok(())
}

#[tokio::test]
async fn logs_are_kept_after_a_kill() -> Result<()> {
    logs_are_kept(End::Killed).await
}

#[tokio::test]
async fn logs_are_kept_after_a_stop() -> Result<()> {
    logs_are_kept(End::Stopped).await
}

async fn log(api: &Api, job: JobId) -> Result<Vec<String>> {
    let log: Value = api.get(&format!("/api/v1/jobs/{job}/log")).await?.json()?;
    let lines = log["lines"].as_array().into_iter().flatten();
    Ok(lines.filter_map(|line| line["text"].as_str()).map(str::to_owned).collect())
}

async fn logs_are_kept(end: End) -> Result<()> {
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let said =
        |attempt: u32, lines: u32| (1..=lines).map(move |line| format!("line {line} of attempt {attempt}"));
    let completed = api.add(&TestArgs { lines: 50, ..TestArgs::default() }.job()).await?;
    api.job_when(completed, JobState::Completed).await?;
    let hangs = api.add(&TestArgs { lines: 2, ..TestArgs::new(Does::Hang) }.job()).await?;
    // What was shown is kept.
    eventually(WORK, async || Ok((log(&api, hangs).await?.len() == 2).then_some(()))).await?;

    let api = end.and_back(&mut yard)?;
    assert_eq!(log(&api, completed).await?, said(1, 50).collect::<Vec<_>>());
    let both: Vec<String> = said(1, 2).chain(said(2, 2)).collect();
    eventually(WORK, async || Ok((log(&api, hangs).await? == both).then_some(()))).await?;
    Ok(())
}
