//! Jobs that are added again, or that there is to be one of only.

use std::collections::HashSet;

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::server::TestServer;

use crate::{assert_problem, demo, paused_server};

const JOBS: &str = "/api/v1/jobs";

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_and_adds_nothing() -> Result<()> {
    let (mut server, api) = paused_server().await?;
    let job = json!(demo("once", 1));
    let first = api.post_once(JOBS, "a-key", &job).await?;
    assert_eq!((first.status, first.header("location")), (201, "/api/v1/jobs/1"));
    let again = api.post_once(JOBS, "a-key", &job).await?;
    assert_eq!((again.status, &again.body), (201, &first.body), "{}", again.text());
    server.kill9()?;
    server.restart()?;
    // The old connections died with the server.
    let api = Api::new(server.address());
    let after_a_crash = api.post_once(JOBS, "a-key", &job).await?;
    assert_eq!((after_a_crash.status, &after_a_crash.body), (201, &first.body));
    assert_eq!(api.counts().await?.total(), 1);
    let other = api.post_once(JOBS, "another-key", &job).await?;
    assert_eq!(other.json::<Value>()?["id"], 2);
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_refused() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let job = json!(demo("once", 1));
    assert_eq!(api.post_once(JOBS, "a-key", &job).await?.status, 201);
    assert_problem(&api.post_once(JOBS, "a-key", &json!(demo("other", 1))).await?, 409, "conflict");
    let bulk = json!({ "jobs": [job] });
    assert_problem(&api.post_once("/api/v1/jobs/bulk", "a-key", &bulk).await?, 409, "conflict");
    for key in ["", "two words", &"k".repeat(257)] {
        assert_problem(&api.post_once(JOBS, key, &job).await?, 400, "bad_request");
    }
    assert_eq!(api.counts().await?.total(), 1);
    Ok(())
}

#[tokio::test]
async fn a_refused_request_does_not_use_up_its_key() -> Result<()> {
    let (_server, api) = paused_server().await?;
    assert_problem(&api.post_once(JOBS, "a-key", &json!({ "kind": "demos" })).await?, 422, "unknown_kind");
    assert_eq!(api.post_once(JOBS, "a-key", &json!(demo("once", 1))).await?.status, 201);
    Ok(())
}

/// Sends the request so often at once.
async fn at_once(api: &Api, times: usize, key: Option<&str>, job: &Value) -> Result<Vec<Answer>> {
    let request = |_| {
        let (api, key, job) = (api.clone(), key.map(str::to_owned), job.clone());
        tokio::spawn(async move {
            match key {
                Some(key) => api.post_once(JOBS, &key, &job).await,
                None => api.post(JOBS, &job).await,
            }
        })
    };
    let requests: Vec<_> = (0..times).map(request).collect();
    let mut answers = Vec::new();
    for request in requests {
        answers.push(request.await??);
    }
    Ok(answers)
}

fn id_of(answer: &Answer) -> Result<u64> {
    answer.json::<Value>()?["id"].as_u64().ok_or_else(|| anyhow::anyhow!("no id: {}", answer.text()))
}

#[tokio::test]
async fn of_64_adds_of_one_unique_key_at_once_one_job_is_made() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let mut job = json!(demo("only one", 1));
    job["unique"] = json!({ "key": "only", "on_conflict": "existing" });
    let answers = at_once(&api, 64, None, &job).await?;
    let new = answers.iter().filter(|answer| answer.status == 201).count();
    let existing = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((new, existing), (1, 63));
    let ids: HashSet<u64> = answers.iter().map(id_of).collect::<Result<_>>()?;
    assert_eq!(ids, HashSet::from([1]));
    for answer in answers.iter().filter(|answer| answer.status == 200) {
        assert_eq!(answer.json::<Value>()?, json!({ "type": "job_added", "id": 1, "is_new": false }));
    }
    assert_eq!(api.counts().await?.total(), 1);

    job["unique"]["on_conflict"] = "reject".into();
    for answer in at_once(&api, 8, None, &job).await? {
        assert_problem(&answer, 409, "conflict");
    }
    assert_eq!(api.counts().await?.total(), 1);
    Ok(())
}

#[tokio::test]
async fn of_64_requests_with_one_idempotency_key_at_once_one_job_is_made() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let answers = at_once(&api, 64, Some("a-key"), &json!(demo("once", 1))).await?;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (201, &answers[0].body));
    }
    assert_eq!(api.counts().await?.total(), 1);
    Ok(())
}

#[tokio::test]
async fn a_unique_job_may_be_replaced_before_it_begins_and_be_added_again_once_it_has_ended() -> Result<()> {
    let (_server, api) = paused_server().await?;
    let unique = |name: &str, on_conflict: &str| {
        let mut job = json!(demo(name, 1));
        job["unique"] = json!({ "key": "k", "on_conflict": on_conflict });
        job
    };
    assert_eq!(api.post(JOBS, &unique("first", "replace")).await?.status, 201);
    let replaced = api.post(JOBS, &unique("second", "replace")).await?;
    assert_eq!((replaced.status, id_of(&replaced)?), (200, 1));
    assert_eq!(api.job(JobId(1)).await?.job.name, "second");
    api.post("/api/v1/jobs/1/cancel", &json!({})).await?;
    let fresh = api.post(JOBS, &unique("third", "reject")).await?;
    assert_eq!((fresh.status, id_of(&fresh)?), (201, 2));
    Ok(())
}

#[tokio::test]
async fn a_priority_is_changed_before_a_job_begins_and_a_job_deleted_once_it_has_ended() -> Result<()> {
    let (_server, api) = paused_server().await?;
    api.add(&demo("a", 1)).await?;
    let changed: Value = api.patch("/api/v1/jobs/1", &json!({ "priority": 7 })).await?.json()?;
    assert_eq!(changed, json!({ "type": "priority_set", "id": 1, "priority": 7 }));
    assert_eq!(api.job(JobId(1)).await?.job.priority, 7);
    for (change, status, code) in [
        (json!({ "priority": 101 }), 422, "invalid_arguments"),
        (json!({ "priority": "high" }), 400, "bad_request"),
        (json!({ "priority": 1, "queue": "other" }), 400, "bad_request"),
        (json!({}), 400, "bad_request"),
    ] {
        assert_problem(&api.patch("/api/v1/jobs/1", &change).await?, status, code);
    }
    assert_problem(&api.delete("/api/v1/jobs/1").await?, 409, "wrong_state");
    api.post("/api/v1/jobs/1/cancel", &json!({})).await?;
    assert_problem(&api.patch("/api/v1/jobs/1", &json!({ "priority": 1 })).await?, 409, "wrong_state");
    let deleted: Value = api.delete("/api/v1/jobs/1").await?.json()?;
    assert_eq!(deleted, json!({ "type": "job_deleted", "id": 1 }));
    assert_problem(&api.delete("/api/v1/jobs/1").await?, 404, "not_found");
    assert_eq!(api.counts().await?.total(), 0);
    Ok(())
}

#[tokio::test]
async fn what_a_job_wrote_is_shown_newest_lines_last() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let id = api.add(&demo("a", 1)).await?;
    api.job_when(id, JobState::Completed).await?;
    let log: Value = api.get(&format!("/api/v1/jobs/{id}/log")).await?.json()?;
    let numbers: Vec<u64> =
        log["lines"].as_array().into_iter().flatten().filter_map(|line| line["number"].as_u64()).collect();
    assert!(numbers.len() > 3, "{log}");
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let last: Value = api.get(&format!("/api/v1/jobs/{id}/log?limit=1")).await?.json()?;
    assert_eq!(last["lines"], json!([log["lines"][numbers.len() - 1]]));
    assert_problem(&api.get("/api/v1/jobs/999/log").await?, 404, "not_found");
    for query in ["limit=0", "limit=1001", "limit=-1", "lines=3"] {
        assert_problem(&api.get(&format!("/api/v1/jobs/{id}/log?{query}")).await?, 422, "invalid_query");
    }
    Ok(())
}
