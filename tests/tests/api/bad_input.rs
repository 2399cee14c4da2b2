//! Wrong requests: each gets an error that a person can act on, and nothing is stored.

use anyhow::Result;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_shared::queue::StateCounts;
use taskyard_tests::api::Api;
use taskyard_tests::server::TestServer;

use crate::assert_problem;

const JSON: (&str, &str) = ("content-type", "application/json");
const JOBS: &str = "/api/v1/jobs";

/// A wrong request, and what its answer must have.
struct Wrong {
    what: &'static str,
    body: Bytes,
    status: u16,
    code: &'static str,
    /// Part of the sentence, or of one about a field.
    says: &'static str,
}

fn wrong(
    what: &'static str,
    body: impl Into<Bytes>,
    status: u16,
    code: &'static str,
    says: &'static str,
) -> Wrong {
    Wrong { what, body: body.into(), status, code, says }
}

/// A demo job with these arguments.
fn demo(args: &Value) -> String {
    json!({ "kind": "demo", "args": args }).to_string()
}

fn wrong_arguments() -> Vec<Wrong> {
    let refused = |what, args: Value, says| wrong(what, demo(&args), 422, "invalid_arguments", says);
    vec![
        refused("a missing name", json!({ "duration": 3 }), "name is required"),
        refused("an empty name", json!({ "name": "" }), "name must"),
        refused("a name of blanks", json!({ "name": "  " }), "name must not be empty"),
        refused("a long name", json!({ "name": "x".repeat(10_000) }), "at most 200"),
        refused("a name that is a number", json!({ "name": 7 }), "name must be text"),
        refused("no duration", json!({ "name": "a", "duration": 0 }), "duration must be 1 to 30"),
        refused("a negative duration", json!({ "name": "a", "duration": -1 }), "duration must be 1 to 30"),
        refused("a long duration", json!({ "name": "a", "duration": 31 }), "duration must be 1 to 30"),
        refused("a duration that is null", json!({ "name": "a", "duration": null }), "duration must be"),
        refused("a duration that is text", json!({ "name": "a", "duration": "3" }), "duration must be"),
        refused("a chance above 1", json!({ "name": "a", "failure_chance": 1.1 }), "must be 0 to 1"),
        refused("an unknown argument", json!({ "name": "a", "durations": 3 }), "durations"),
        refused("arguments that are a list", json!(["a"]), "must be an object"),
    ]
}

fn wrong_bodies() -> Vec<Wrong> {
    let (unknown, bad, large) = ("unknown_kind", "bad_request", "too_large");
    let huge = json!({ "kind": "demo", "args": { "name": "x".repeat(2 * 1024 * 1024) } }).to_string();
    let heavy = demo(&json!({ "name": "a", "note": "x".repeat(300 * 1024) }));
    let mut not_utf8 = demo(&json!({ "name": "a?" })).into_bytes();
    if let Some(byte) = not_utf8.iter_mut().find(|byte| **byte == b'?') {
        *byte = 0xff;
    }
    vec![
        wrong("an unknown kind", r#"{"kind":"demos"}"#, 422, unknown, "demo, http, image"),
        wrong(
            "a bad queue",
            r#"{"kind":"demo","queue":"A b","args":{"name":"a"}}"#,
            422,
            "invalid_arguments",
            "queue",
        ),
        wrong("no kind", "{}", 400, bad, "kind"),
        wrong("an unknown member", r#"{"kind":"demo","agrs":{"name":"a"}}"#, 400, bad, "agrs"),
        wrong("nothing", "", 400, bad, "body"),
        wrong("half of it", r#"{"kind":"demo","#, 400, bad, "body"),
        wrong("NaN", r#"{"kind":"demo","args":{"name":"a","duration":NaN}}"#, 400, bad, "body"),
        wrong("infinity", r#"{"kind":"demo","args":{"name":"a","duration":1e999}}"#, 400, bad, "body"),
        wrong("deep nesting", "[".repeat(100_000), 400, bad, "body"),
        wrong("text that is not UTF-8", not_utf8, 400, bad, "body"),
        wrong("2 MiB of JSON", huge, 413, large, "1024 KiB"),
        wrong("large arguments", heavy, 413, large, "256 KiB"),
    ]
}

/// Waits on nothing: had anything been stored, it would be counted already.
async fn assert_nothing_stored(api: &Api) -> Result<()> {
    assert_eq!(api.counts().await?, StateCounts::default());
    assert_eq!(api.all_jobs().await?, []);
    assert_eq!(api.add(&crate::demo("the first", 1)).await?.0, 1);
    Ok(())
}

#[tokio::test]
async fn wrong_jobs_are_refused_with_a_sentence_and_nothing_is_stored() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    for wrong in wrong_arguments().into_iter().chain(wrong_bodies()) {
        let answer = api.send(Method::POST, JOBS, &[JSON], wrong.body).await?;
        assert_problem(&answer, wrong.status, wrong.code);
        assert!(answer.text().contains(wrong.says), "{}: {}", wrong.what, answer.text());
        assert!(answer.body.len() < 2_000, "{}: {}", wrong.what, answer.text());
        if wrong.code == "invalid_arguments" && wrong.says != "queue" {
            let body: Value = answer.json()?;
            assert!(body["fields"][0]["message"].is_string(), "{}: {body}", wrong.what);
        }
    }
    assert_nothing_stored(&api).await
}

#[tokio::test]
async fn every_wrong_argument_is_told_at_once_with_its_place() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let args = json!({ "name": "", "duration": 31, "failure_chance": -1, "colour": "red" });
    let answer = api.post(JOBS, &json!({ "kind": "demo", "args": args })).await?;
    let body: Value = answer.json()?;
    let mut fields: Vec<&str> =
        body["fields"].as_array().into_iter().flatten().filter_map(|field| field["field"].as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["/colour", "/duration", "/failure_chance", "/name"], "{body}");
    Ok(())
}

#[tokio::test]
async fn wrong_lists_are_refused() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    for query in [
        "limit=1000000000",
        "limit=0",
        "limit=-1",
        "limit=501",
        "limit=99999999999999999999",
        "state=done",
        "sort=random",
        "after=x",
        "pages=1",
    ] {
        assert_problem(&api.get(&format!("{JOBS}?{query}")).await?, 422, "invalid_query");
    }
    let long = "x".repeat(201);
    assert_problem(&api.get(&format!("{JOBS}?text={long}")).await?, 422, "invalid_query");
    Ok(())
}

#[tokio::test]
async fn what_a_route_does_not_take_is_refused_instead_of_passed_over() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let id = api.add(&crate::demo("kept", 1)).await?;
    api.job_when(id, JobState::Completed).await?;
    let wrong_body = json!({ "queue": "http" });
    for (path, body) in [
        ("/api/v1/jobs/clear", &wrong_body),
        ("/api/v1/jobs/clear", &json!([])),
        ("/api/v1/jobs/clear?queue=demo", &wrong_body),
        ("/api/v1/jobs/clear", &json!({ "queue": "x".repeat(500_000) })),
        ("/api/v1/queues/demo/pause", &json!({ "paused": false })),
        ("/api/v1/queues/demo/pause?for=10", &json!({})),
        ("/api/v1/jobs?unique=true", &json!(crate::demo("a", 1))),
    ] {
        let answer = api.post(path, body).await?;
        assert_problem(&answer, 400, "bad_request");
        assert!(answer.text().contains("takes no "), "{path}: {}", answer.text());
    }
    assert_problem(&api.get("/api/v1/queues?name=demo").await?, 400, "bad_request");
    assert_problem(&api.delete(&format!("{JOBS}/{id}?force=1")).await?, 400, "bad_request");
    assert_eq!(api.counts().await?, StateCounts { completed: 1, ..StateCounts::default() });
    assert!(!api.queue("demo").await?.paused);
    for empty in ["", "{}", " { } "] {
        let answer = api.send(Method::POST, "/api/v1/jobs/clear?queue=http", &[JSON], empty).await?;
        assert_eq!(answer.status, 200, "{empty}: {}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn foreign_pages_foreign_names_and_other_content_are_refused() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let job = json!(crate::demo("a", 1)).to_string();
    for (headers, status, code) in [
        ([JSON, ("origin", "https://evil.example")], 403, "forbidden_origin"),
        ([JSON, ("origin", "null")], 403, "forbidden_origin"),
        ([JSON, ("host", "evil.example")], 403, "forbidden_origin"),
        ([("content-type", "text/plain"), ("accept", "*/*")], 400, "bad_request"),
        ([("content-type", "application/x-www-form-urlencoded"), ("accept", "*/*")], 400, "bad_request"),
    ] {
        let answer = api.send(Method::POST, JOBS, &headers, job.clone()).await?;
        assert_problem(&answer, status, code);
    }
    let read = api.send(Method::GET, JOBS, &[("host", "evil.example:80")], Bytes::new()).await?;
    assert_problem(&read, 403, "forbidden_origin");
    let own = format!("http://{}", server.address());
    let answer = api.send(Method::POST, "/api/v1/jobs/clear", &[("origin", &own)], Bytes::new()).await?;
    assert_eq!(answer.status, 200, "its own page may: {}", answer.text());
    assert_nothing_stored(&api).await
}
