//! Several jobs in one request.

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::server::TestServer;

use crate::{assert_problem, demo, ids, paused_server};

const BULK: &str = "/api/v1/jobs/bulk";

fn named(name: &str, reference: &str, after: &[Value]) -> Value {
    let mut job = json!(demo(name, 1));
    job["ref"] = reference.into();
    job["after"] = json!(after);
    job
}

/// The places and codes of the jobs that a problem speaks of.
fn refused(answer: &Answer) -> Result<Vec<(u64, String)>> {
    let problem: Value = answer.json()?;
    let error = |error: &Value| {
        let code = error["error"]["code"].as_str().unwrap_or_default().to_owned();
        assert!(error["error"]["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        Some((error["index"].as_u64()?, code))
    };
    Ok(problem["errors"].as_array().into_iter().flatten().filter_map(error).collect())
}

async fn assert_nothing_stored(api: &Api) -> Result<()> {
    assert_eq!(api.counts().await?.total(), 0);
    assert_eq!(api.add(&demo("the first", 1)).await?, JobId(1), "no number was used");
    Ok(())
}

#[tokio::test]
async fn one_wrong_job_keeps_all_out_and_each_is_told_by_its_place() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let jobs = json!([
        demo("good", 1),
        { "kind": "demos" },
        demo("good too", 1),
        demo("", 1),
        { "kind": "demo", "args": { "name": "a" }, "priority": 101 },
    ]);
    let answer = api.post(BULK, &json!({ "jobs": jobs })).await?;
    assert_problem(&answer, 422, "invalid_arguments");
    let expected = [(1, "unknown_kind"), (3, "invalid_arguments"), (4, "invalid_arguments")];
    assert_eq!(refused(&answer)?, expected.map(|(index, code)| (index, code.to_owned())));
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn a_job_of_the_same_call_is_named_by_its_place_and_not_by_a_number_it_never_gets() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let unique = json!({ "kind": "demo", "args": { "name": "a" }, "unique": { "key": "k" } });
    let mut first = named("first", "first", &[json!({ "ref": "last" })]);
    first["unique"] = json!({ "key": "other" });
    let answer = api.post(BULK, &json!({ "jobs": [first, unique, unique, named("b", "last", &[])] })).await?;
    assert_problem(&answer, 422, "invalid_arguments");
    let problem: Value = answer.json()?;
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1), "{problem}");
    assert_eq!(problem["errors"][0]["index"], 2);
    assert_eq!(problem["errors"][0]["error"]["message"], "job 2 of this call has the same unique key");
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn with_each_the_good_ones_are_added_and_all_outcomes_told_in_order() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let jobs = json!([demo("a", 1), { "kind": "demos" }, demo("b", 1)]);
    let answer = api.post(BULK, &json!({ "jobs": jobs, "mode": "each" })).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let reply: Value = answer.json()?;
    let kinds: Vec<_> =
        reply["outcomes"].as_array().into_iter().flatten().map(|outcome| &outcome["type"]).collect();
    assert_eq!(kinds, ["added", "refused", "added"], "{reply}");
    assert_eq!((&reply["outcomes"][0]["id"], &reply["outcomes"][2]["id"]), (&json!(1), &json!(2)));
    assert_eq!(reply["outcomes"][1]["error"]["code"], "unknown_kind");
    assert_eq!(api.counts().await?.total(), 2);
    Ok(())
}

#[tokio::test]
async fn circles_and_unknown_jobs_are_refused_and_nothing_is_stored() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let circle =
        json!([named("a", "a", &[json!({ "ref": "b" })]), named("b", "b", &[json!({ "ref": "a" })])]);
    let itself = json!([named("a", "a", &[json!({ "ref": "a" })])]);
    let no_such_ref = json!([demo("a", 1), named("b", "b", &[json!({ "ref": "c" })])]);
    let no_such_job = json!([demo("a", 1), named("b", "b", &[json!({ "job": 999 })])]);
    let twice = json!([named("a", "a", &[]), named("b", "a", &[])]);
    for (jobs, places, says) in [
        (circle, vec![0, 1], "wait for each other"),
        (itself, vec![0], "wait for each other"),
        (no_such_ref, vec![1], "no job of this call"),
        (no_such_job, vec![1], "does not exist"),
        (twice, vec![1], "ref"),
    ] {
        let answer = api.post(BULK, &json!({ "jobs": jobs })).await?;
        assert_problem(&answer, 422, "invalid_arguments");
        let found: Vec<u64> = refused(&answer)?.into_iter().map(|(index, _)| index).collect();
        assert_eq!(found, places, "{}", answer.text());
        assert!(answer.text().contains(says), "{}", answer.text());
    }
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn a_single_job_that_comes_after_none_is_refused() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let mut job = json!(demo("a", 1));
    job["after"] = json!([{ "job": 999 }]);
    let answer = api.post("/api/v1/jobs", &job).await?;
    assert_problem(&answer, 404, "not_found");
    assert!(answer.text().contains("job 999"), "{}", answer.text());
    job["after"] = json!([{ "ref": "a" }]);
    assert_problem(&api.post("/api/v1/jobs", &job).await?, 422, "invalid_arguments");
    job["after"] = json!([{ "batch": 1 }]);
    let answer = api.post("/api/v1/jobs", &job).await?;
    assert_problem(&answer, 400, "bad_request");
    assert!(answer.text().contains("at after[0]"), "{}", answer.text());
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn calls_that_are_wrong_as_a_whole_are_refused() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let job = demo("a", 1);
    for (body, status, code) in [
        (json!({ "jobs": [] }), 422, "invalid_arguments"),
        (json!({ "jobs": vec![&job; 10_001] }), 413, "too_large"),
        (json!({ "jobs": [&job], "batch": "" }), 422, "invalid_arguments"),
        (json!({ "jobs": [&job], "mode": "some" }), 400, "bad_request"),
        (json!({ "job": [&job] }), 400, "bad_request"),
        (json!([&job]), 400, "bad_request"),
    ] {
        let answer = api.post(BULK, &body).await?;
        assert_problem(&answer, status, code);
        assert!(answer.body.len() < 2_000, "{}", answer.text());
    }
    let huge = format!("{{\"jobs\":[{}]}}", " ".repeat(33 * 1024 * 1024));
    let json = [("content-type", "application/json")];
    let answer = api.send(http::Method::POST, BULK, &json, huge).await?;
    assert_problem(&answer, 413, "too_large");
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn ten_thousand_jobs_are_added_in_one_request_and_a_repeat_adds_none() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let note = "x".repeat(150);
    let jobs: Vec<_> = (0..10_000).map(|number| demo(&format!("{note} {number}"), 1)).collect();
    let body = json!({ "jobs": jobs });
    assert!(body.to_string().len() > 2 * 1024 * 1024, "more than other bodies may have");
    let first = api.post_once(BULK, "many", &body).await?;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = api.post_once(BULK, "many", &body).await?;
    assert_eq!((again.status, again.body == first.body), (201, true));
    assert_eq!(api.counts().await?.pending, 10_000);
    Ok(())
}

#[tokio::test]
async fn a_chain_runs_in_order_and_the_last_job_when_all_have_ended() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let body = json!({
        "jobs": [demo("one", 1), demo("two", 1)],
        "chain": true,
        "batch": "a chain",
        "then": demo("then", 1),
    });
    let answer = api.post(BULK, &body).await?;
    assert_eq!((answer.status, answer.header("location")), (201, "/api/v1/batches/1"), "{}", answer.text());
    let reply: Value = answer.json()?;
    assert_eq!(reply["outcomes"].as_array().map(Vec::len), Some(3), "{reply}");
    let shown = api.job(JobId(2)).await?;
    assert_eq!((shown.after[0].job, shown.job.batch.map(|batch| batch.0)), (JobId(1), Some(1)));
    let last = api.job_when(JobId(3), JobState::Completed).await?;
    for earlier in [1, 2] {
        let earlier = api.job(JobId(earlier)).await?;
        assert!(earlier.job.finished_at_ms <= last.job.started_at_ms, "{earlier:?} {last:?}");
    }
    let batch: Value = api.get("/api/v1/batches/1").await?.json()?;
    assert_eq!((&batch["name"], &batch["counts"]["completed"]), (&json!("a chain"), &json!(3)));
    let listed: Value = api.get("/api/v1/jobs?batch=1&sort=oldest").await?.json()?;
    assert_eq!(ids(&listed), [1, 2, 3]);
    assert_problem(&api.get("/api/v1/batches/99").await?, 404, "not_found");
    assert_problem(&api.get("/api/v1/batches/one").await?, 404, "not_found");
    Ok(())
}
