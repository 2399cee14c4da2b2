//! Limits: bad ones are refused, good ones hold jobs back until they are removed.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::patience::eventually;
use taskyard_tests::server::TestServer;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::{assert_problem, places};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
const LIMIT: &str = "/api/v1/limits/one";
const STEP: Duration = Duration::from_secs(20);

#[tokio::test]
async fn limits_that_make_no_sense_are_refused_with_the_place() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let rate = |count: u64, per_ms: u64, burst: u64| json!({ "name": "one", "kind": "demo", "rate": { "count": count, "per_ms": per_ms, "burst": burst } });
    for (limit, place) in [
        (json!({ "name": "one", "kind": "demo", "concurrency": 0 }), "$concurrency"),
        (json!({ "name": "one", "kind": "demo", "concurrency": 10_001 }), "$concurrency"),
        (json!({ "name": "one", "concurrency": 1 }), "$kind"),
        (json!({ "name": "one", "kind": "demo" }), "$concurrency"),
        (json!({ "name": "one", "kind": "Demo!", "concurrency": 1 }), "$kind"),
        (json!({ "name": "one", "kind": "demo", "key": "customer", "concurrency": 1 }), "$key"),
        (json!({ "name": "one", "kind": "demo", "key": "/a~", "concurrency": 1 }), "$key"),
        (json!({ "name": "one", "kind": "demo", "key": "", "concurrency": 1 }), "$key"),
        (json!({ "name": "other", "kind": "demo", "concurrency": 1 }), "$name"),
        (rate(0, 1000, 1), "$rate/count"),
        (rate(1, 0, 1), "$rate/per_ms"),
        (rate(5, 1000, 6), "$rate/burst"),
    ] {
        let answer = api.put(LIMIT, &limit).await?;
        assert_problem(&answer, 422, "invalid_arguments");
        assert!(places(&answer).iter().any(|found| found == place), "{place}: {}", answer.text());
    }
    for (limit, says) in [
        (json!({ "name": "one", "kind": "demo", "concurrency": -1 }), "at concurrency"),
        (json!({ "name": "one", "kind": "demo", "concurrency": 1.5 }), "at concurrency"),
        (json!({ "name": "one", "kind": "demo", "rate": { "count": 1 } }), "at rate: missing field `per_ms`"),
        (json!({ "name": "one", "kinds": "demo" }), "kinds"),
        (json!({ "kind": "demo", "concurrency": 1 }), "name"),
    ] {
        let answer = api.put(LIMIT, &limit).await?;
        assert_problem(&answer, 400, "bad_request");
        assert!(answer.text().contains(says), "{says}: {}", answer.text());
    }
    assert_problem(
        &api.put("/api/v1/limits/A%20b", &json!({ "name": "A b", "kind": "demo", "concurrency": 1 })).await?,
        422,
        "invalid_arguments",
    );
    assert_eq!(api.get("/api/v1/limits").await?.json::<Value>()?, json!({ "limits": [] }));
    assert_problem(&api.delete(LIMIT).await?, 404, "not_found");
    Ok(())
}

#[tokio::test]
async fn a_limit_holds_jobs_back_until_it_is_removed() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let limit = json!({ "name": "one", "kind": "test", "concurrency": 1 });
    assert_problem(&api.get(LIMIT).await?, 404, "not_found");
    let set: Value = api.put(LIMIT, &limit).await?.json()?;
    assert_eq!((&set["type"], &set["limit"]["limit"]), (&json!("limit_set"), &limit));
    assert_eq!(api.get(LIMIT).await?.json::<Value>()?, set["limit"]);
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?);
    }
    api.patch("/api/v1/queues/test", &json!({ "concurrency": 3 })).await?;
    api.job_when(jobs[0], JobState::Processing).await?;
    let held_back = async || {
        let limits: Value = api.get("/api/v1/limits").await?.json()?;
        let (running, held_back) = (&limits["limits"][0]["running"], &limits["limits"][0]["held_back"]);
        Ok((*running == 1 && *held_back == 2).then_some(()))
    };
    eventually(STEP, held_back).await?;
    assert_eq!(api.metric("taskyard_limit_held_back{limit=\"one\"}").await?, 2);
    assert_eq!(api.queue("test").await?.counts.processing, 1);
    let removed: Value = api.delete(LIMIT).await?.json()?;
    assert_eq!(removed, json!({ "type": "limit_removed", "name": "one" }));
    for job in &jobs {
        api.job_when(*job, JobState::Processing).await?;
    }
    make_file(&go_on)?;
    for job in jobs {
        api.job_when(job, JobState::Completed).await?;
    }
    Ok(())
}
