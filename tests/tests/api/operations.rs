//! Operations on all jobs that match a filter.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_tests::api::Api;
use taskyard_tests::patience::eventually;

use crate::{assert_problem, demo, paused_server};

const OPERATIONS: &str = "/api/v1/operations";
const DONE: Duration = Duration::from_secs(20);

async fn add(api: &Api, count: u32) -> Result<()> {
    let jobs: Vec<_> = (0..count).map(|number| demo(&format!("job {number}"), 1)).collect();
    let answer = api.post("/api/v1/jobs/bulk", &json!({ "jobs": jobs })).await?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    Ok(())
}

/// The operation once it has this state.
async fn when(api: &Api, id: u64, state: &str) -> Result<Value> {
    let reached = async || {
        let operation: Value = api.get(&format!("{OPERATIONS}/{id}")).await?.json()?;
        Ok((operation["state"] == state).then_some(operation))
    };
    eventually(DONE, reached).await
}

#[tokio::test]
async fn an_operation_is_done_to_every_job_that_matches_and_says_how_far_it_is() -> Result<()> {
    let (_server, api) = paused_server().await?;
    add(&api, 2_500).await?;
    let cancel = json!({ "action": { "type": "cancel" }, "filter": { "states": ["pending"] }, "undo_ms": 0 });
    let answer = api.post(OPERATIONS, &cancel).await?;
    assert_eq!(
        (answer.status, answer.header("location")),
        (202, "/api/v1/operations/1"),
        "{}",
        answer.text()
    );
    let reply: Value = answer.json()?;
    assert_eq!((&reply["type"], &reply["operation"]["id"]), (&json!("operation"), &json!(1)));
    let done = when(&api, 1, "done").await?;
    assert_eq!(done["done"], 2_500, "{done}");
    assert!(done["finished_at_ms"].is_i64(), "{done}");
    assert_eq!(api.counts().await?[JobState::Cancelled], 2_500);

    let delete = json!({ "action": { "type": "delete" }, "filter": { "text": "#7" }, "undo_ms": 0 });
    api.post(OPERATIONS, &delete).await?;
    assert_eq!(when(&api, 2, "done").await?["done"], 1);
    assert_eq!(api.counts().await?.total(), 2_499);
    let listed: Value = api.get(OPERATIONS).await?.json()?;
    assert_eq!((&listed["operations"][0]["id"], &listed["operations"][1]["id"]), (&json!(2), &json!(1)));
    assert_problem(&api.post(&format!("{OPERATIONS}/1/undo"), &json!({})).await?, 409, "wrong_state");
    Ok(())
}

#[tokio::test]
async fn an_operation_that_waits_can_be_undone_and_changes_nothing() -> Result<()> {
    let (_server, api) = paused_server().await?;
    add(&api, 3).await?;
    let wanted =
        json!({ "action": { "type": "reprioritise", "priority": 9 }, "filter": {}, "undo_ms": 60_000 });
    assert_problem(&api.post_once(OPERATIONS, "a-key", &wanted).await?, 400, "bad_request");
    let waiting: Value = api.post(OPERATIONS, &wanted).await?.json()?;
    assert_eq!(waiting["operation"]["state"], "waiting");
    let undone: Value = api.post(&format!("{OPERATIONS}/1/undo"), &json!({})).await?.json()?;
    assert_eq!((&undone["type"], &undone["operation"]["state"]), (&json!("operation"), &json!("undone")));
    assert!(api.all_jobs().await?.iter().all(|job| job.priority == 0));
    assert_eq!(when(&api, 1, "undone").await?["done"], 0);
    Ok(())
}

#[tokio::test]
async fn operations_that_make_no_sense_are_refused() -> Result<()> {
    let (_server, api) = paused_server().await?;
    add(&api, 1).await?;
    let action = json!({ "type": "cancel" });
    for (operation, status, code) in [
        (json!({ "action": action, "filter": {}, "undo_ms": 60_001 }), 422, "invalid_arguments"),
        (
            json!({ "action": { "type": "reprioritise", "priority": 101 }, "filter": {} }),
            422,
            "invalid_arguments",
        ),
        (json!({ "action": action, "filter": { "text": "x".repeat(201) } }), 422, "invalid_query"),
        (json!({ "action": action, "filter": { "states": ["done"] } }), 400, "bad_request"),
        (json!({ "action": action, "filter": { "status": "failed" } }), 400, "bad_request"),
        (json!({ "action": { "type": "destroy" }, "filter": {} }), 400, "bad_request"),
        (json!({ "action": action }), 400, "bad_request"),
        (json!({ "action": action, "filter": [], "undo_ms": 0 }), 400, "bad_request"),
        (json!({ "action": ["cancel"], "filter": {}, "undo_ms": 0 }), 400, "bad_request"),
        (json!([action, {}, 0]), 400, "bad_request"),
    ] {
        assert_problem(&api.post(OPERATIONS, &operation).await?, status, code);
    }
    assert_eq!(api.get(OPERATIONS).await?.json::<Value>()?, json!({ "operations": [] }));
    for id in ["1", "one"] {
        assert_problem(&api.get(&format!("{OPERATIONS}/{id}")).await?, 404, "not_found");
        assert_problem(&api.post(&format!("{OPERATIONS}/{id}/undo"), &json!({})).await?, 404, "not_found");
    }
    assert_eq!(api.counts().await?.pending, 1);
    Ok(())
}
