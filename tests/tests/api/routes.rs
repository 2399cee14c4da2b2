//! Every route does what it says.

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;

use crate::{assert_problem, demo, ids};

#[tokio::test]
async fn a_server_says_how_it_is_and_what_it_is_made_of() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    assert_eq!(api.get("/healthz").await?.status, 200);
    assert_eq!(api.get("/readyz").await?.status, 200);
    assert_eq!(api.metric("taskyard_part_failures_recent").await?, 0);
    let board = api.get("/").await?;
    assert!(board.header("content-type").starts_with("text/html"), "{board:?}");

    let kinds: Value = api.get("/api/v1/kinds").await?.json()?;
    let names: Vec<&str> =
        kinds["kinds"].as_array().into_iter().flatten().filter_map(|kind| kind["kind"].as_str()).collect();
    assert_eq!(names, ["contact-sheet", "demo", "http", "image", "report"]);
    assert_eq!(kinds["kinds"][1]["args_schema"]["properties"]["duration"]["maximum"], 30);

    let sources: Value = api.get("/api/v1/source").await?.json()?;
    for part in ["queue/actor.rs", "pubsub/actor.rs", "session/actor.rs"] {
        let mut files = sources["files"].as_array().into_iter().flatten();
        let path = format!("server/src/{part}");
        let text = files.find(|file| file["path"] == path.as_str()).and_then(|file| file["text"].as_str());
        assert!(text.is_some_and(|text| text.contains("impl Actor for")), "{part}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_with_a_sentence() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    for path in ["/api/v1/nothing", "/api/v1/jobs/1", "/api/v1/jobs/one", "/api/v1/jobs/1/artifacts/a.png"] {
        assert_problem(&api.get(path).await?, 404, "not_found");
    }
    for path in ["/api/v1/jobs/7/cancel", "/api/v1/jobs/7/retry"] {
        assert_problem(&api.post(path, &json!({})).await?, 404, "not_found");
    }
    assert_problem(&api.get("/api/v1/queues/none").await?, 404, "not_found");
    let socket = api.get("/ws").await?;
    assert_problem(&socket, 400, "bad_request");
    assert!(
        socket.text().contains("/ws is for WebSockets: WebSocket upgrade is expected"),
        "{}",
        socket.text()
    );
    let one: Value = api.get("/api/v1/queues/demo").await?.json()?;
    let all: Value = api.get("/api/v1/queues").await?.json()?;
    assert!(all["queues"].as_array().is_some_and(|queues| queues.contains(&one)), "{all}");
    let answer = api.patch("/api/v1/queues/none", &json!({ "paused": true })).await?;
    assert_problem(&answer, 404, "not_found");
    Ok(())
}

#[tokio::test]
async fn a_job_is_added_found_and_shown() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    api.patch("/api/v1/queues/demo", &json!({ "paused": true })).await?;
    let answer = api.post("/api/v1/jobs", &json!(demo("first", 2))).await?;
    assert_eq!((answer.status, answer.header("location")), (201, "/api/v1/jobs/1"));
    assert_eq!(answer.json::<Value>()?, json!({ "type": "job_added", "id": 1 }));

    let shown = api.job(JobId(1)).await?;
    assert_eq!((shown.job.name.as_str(), shown.job.detail.as_str()), ("first", "2 s"));
    assert_eq!((shown.job.state, shown.job.attempt), (JobState::Pending, 0));
    assert_eq!(shown.args, json!({ "name": "first", "duration": 2.0, "failure_chance": 0.0 }));
    assert!(shown.attempts.is_empty() && shown.result.is_none() && shown.error.is_none());

    let listed: Value = api.get("/api/v1/jobs").await?.json()?;
    assert_eq!(listed["rows"], json!([shown.job]));
    Ok(())
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    api.patch("/api/v1/queues/demo", &json!({ "paused": true })).await?;
    for number in 1..=7 {
        api.add(&demo(if number % 2 == 0 { "even" } else { "odd" }, number)).await?;
    }
    api.post("/api/v1/jobs/3/cancel", &json!({})).await?;
    for (query, expected, more) in [
        ("", vec![7, 6, 5, 4, 3, 2, 1], false),
        ("limit=3", vec![7, 6, 5], true),
        ("limit=3&after=5", vec![4, 3, 2], true),
        ("limit=3&after=4", vec![3, 2, 1], false),
        ("sort=oldest&limit=2&after=2", vec![3, 4], true),
        ("text=EVEN", vec![6, 4, 2], false),
        ("text=%235", vec![5], false),
        ("state=cancelled", vec![3], false),
        ("state=cancelled,pending&text=odd", vec![7, 5, 3, 1], false),
        ("kind=image", vec![], false),
        ("queue=demo&limit=1", vec![7], true),
    ] {
        let page: Value = api.get(&format!("/api/v1/jobs?{query}")).await?.json()?;
        assert_eq!((ids(&page), &page["more"]), (expected, &json!(more)), "{query}");
    }
    Ok(())
}
