//! Schedules: wrong ones are refused, good ones are kept, paused, run and removed.

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::JobId;
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;

use crate::{assert_problem, demo, paused_server, places};

const NIGHTLY: &str = "/api/v1/schedules/nightly";

fn nightly(cron: &str, zone: &str) -> Value {
    json!({ "name": "nightly", "cron": cron, "zone": zone, "job": demo("report", 1) })
}

#[tokio::test]
async fn schedules_that_cannot_run_are_refused_with_the_place() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let with = |member: &str, value: Value| {
        let mut schedule = nightly("@daily", "UTC");
        schedule["job"][member] = value;
        schedule
    };
    for (schedule, place) in [
        (nightly("0 0 30 2 *", "UTC"), "$cron"),
        (nightly("61 * * * *", "UTC"), "$cron"),
        (nightly("now and then", "UTC"), "$cron"),
        (nightly("", "UTC"), "$cron"),
        (nightly("@daily", "Europe/Atlantis"), "$zone"),
        (with("after", json!([{ "job": 1 }])), "$job/after"),
        (with("run_at", json!("2027-01-31T09:00:00Z")), "$job/run_at"),
        (with("expires_at", json!("2027-01-31T09:00:00Z")), "$job/expires_at"),
    ] {
        let answer = api.put(NIGHTLY, &schedule).await?;
        assert_problem(&answer, 422, "invalid_arguments");
        assert!(places(&answer).iter().any(|found| found == place), "{place}: {}", answer.text());
    }
    assert_problem(&api.put(NIGHTLY, &with("kind", json!("demos"))).await?, 422, "unknown_kind");
    assert_problem(&api.put(NIGHTLY, &with("args", json!({}))).await?, 422, "invalid_arguments");
    let other = api.put("/api/v1/schedules/other", &nightly("@daily", "UTC")).await?;
    assert_problem(&other, 422, "invalid_arguments");
    assert_eq!(places(&other), ["$name"]);
    let typo = api.put(NIGHTLY, &with("agrs", json!({}))).await?;
    assert_problem(&typo, 400, "bad_request");
    assert!(typo.text().contains("at job.agrs"), "{}", typo.text());
    assert_eq!(api.get("/api/v1/schedules").await?.json::<Value>()?, json!({ "schedules": [] }));
    Ok(())
}

#[tokio::test]
async fn a_preview_shows_the_next_runs_and_stores_nothing() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let preview = async |body: Value| api.post("/api/v1/schedules/preview", &body).await;
    let reply: Value = preview(json!({ "cron": "*/15 * * * *" })).await?.json()?;
    let runs: Vec<i64> =
        reply["runs_at_ms"].as_array().into_iter().flatten().filter_map(Value::as_i64).collect();
    assert_eq!((&reply["type"], runs.len()), (&json!("preview"), 10));
    assert!(runs.windows(2).all(|pair| pair[1] - pair[0] == 15 * 60 * 1000), "{runs:?}");
    let wrong = preview(json!({ "cron": "0 0 30 2 *", "zone": "UTC" })).await?;
    assert_problem(&wrong, 422, "invalid_arguments");
    assert_eq!(places(&wrong), ["$cron"]);
    assert_problem(&preview(json!({ "zone": "UTC" })).await?, 400, "bad_request");
    assert_eq!(api.get("/api/v1/schedules").await?.json::<Value>()?, json!({ "schedules": [] }));
    Ok(())
}

#[tokio::test]
async fn a_schedule_is_kept_paused_run_and_removed() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let set: Value = api.put(NIGHTLY, &nightly("30 2 * * *", "Europe/Berlin")).await?.json()?;
    assert_eq!(set["type"], "schedule_set");
    assert!(set["schedule"]["next_run_at_ms"].is_i64(), "{set}");
    let once = api.post_once(&format!("{NIGHTLY}/run"), "a-key", &json!({})).await?;
    assert_problem(&once, 400, "bad_request");
    assert!(once.text().contains("takes no Idempotency-Key"), "{}", once.text());
    assert_eq!(api.get(NIGHTLY).await?.json::<Value>()?, set["schedule"]);
    let act = async |action: &str| api.post(&format!("{NIGHTLY}/{action}"), &json!({})).await;
    let paused: Value = act("pause").await?.json()?;
    let schedule = &paused["schedule"];
    assert_eq!((&schedule["schedule"]["paused"], &schedule["next_run_at_ms"]), (&json!(true), &Value::Null));
    let resumed: Value = act("resume").await?.json()?;
    assert_eq!(resumed["schedule"]["next_run_at_ms"], set["schedule"]["next_run_at_ms"]);
    let run: Value = act("run").await?.json()?;
    assert_eq!(run["schedule"]["last_job"], 1, "{run}");
    assert_eq!(api.job(JobId(1)).await?.job.name, "report");
    let listed: Value = api.get("/api/v1/schedules").await?.json()?;
    assert_eq!(listed["schedules"], json!([run["schedule"]]));
    assert_eq!(api.metric("taskyard_schedules{state=\"active\"}").await?, 1);
    let removed: Value = api.delete(NIGHTLY).await?.json()?;
    assert_eq!(removed, json!({ "type": "schedule_removed", "name": "nightly" }));
    for action in ["pause", "resume", "run"] {
        assert_problem(&act(action).await?, 404, "not_found");
    }
    assert_problem(&api.delete(NIGHTLY).await?, 404, "not_found");
    assert_problem(&api.get(NIGHTLY).await?, 404, "not_found");
    assert_eq!(api.counts().await?.total(), 1, "what it added stays");
    Ok(())
}

#[tokio::test]
async fn what_a_schedules_job_does_not_say_its_queue_says_at_each_run() -> Result<()> {
    let (_server, api) = paused_server().await?;
    api.patch("/api/v1/queues/demo", &json!({ "max_attempts": 9, "timeout_ms": 9_000 })).await?;
    api.put(NIGHTLY, &nightly("@daily", "UTC")).await?;
    let run = async || -> Result<(u32, Option<u64>)> {
        let reply: Value = api.post(&format!("{NIGHTLY}/run"), &json!({})).await?.json()?;
        let id = reply["schedule"]["last_job"].as_u64().expect("a job was added");
        let job = api.job(JobId(id)).await?;
        Ok((job.job.max_attempts, job.options.timeout_ms))
    };
    assert_eq!(run().await?, (9, Some(9_000)));
    api.patch("/api/v1/queues/demo", &json!({ "max_attempts": 7, "timeout_ms": null })).await?;
    assert_eq!(run().await?, (7, None));
    api.patch("/api/v1/queues/demo", &json!({ "max_attempts": null })).await?;
    assert_eq!(run().await?.0, 1, "as the kind says");
    Ok(())
}

#[tokio::test]
async fn a_schedule_may_be_called_preview() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let mut schedule = nightly("@daily", "UTC");
    schedule["name"] = "preview".into();
    assert_eq!(api.put("/api/v1/schedules/preview", &schedule).await?.status, 200);
    assert_eq!(api.delete("/api/v1/schedules/preview").await?.status, 200);
    Ok(())
}
