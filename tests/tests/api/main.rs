//! The REST API of a real server.

mod adding;
mod bad_input;
mod bulk;
mod cancelling;
mod document;
mod explaining;
mod files;
mod limits;
mod operations;
mod queues;
mod routes;
mod schedules;
mod submissions;

use serde_json::{Value, json};
use taskyard_shared::new_job::NewJob;
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::server::TestServer;

/// A demo job that cannot fail by chance.
fn demo(name: &str, duration: u32) -> NewJob {
    let args = json!({ "name": name, "duration": duration, "failure_chance": 0 });
    NewJob::new("demo", args)
}

/// A server whose queue `demo` starts nothing, so that jobs stay as they were added.
async fn paused_server() -> anyhow::Result<(TestServer, Api)> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let answer = api.patch("/api/v1/queues/demo", &json!({ "paused": true })).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok((server, api))
}

/// Where a problem says the mistake is.
fn places(answer: &Answer) -> Vec<String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let fields = body["fields"].as_array().into_iter().flatten();
    fields.filter_map(|field| field["field"].as_str().map(str::to_owned)).collect()
}

/// The ids of a list, in its order.
fn ids(page: &Value) -> Vec<u64> {
    page["rows"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_u64()).collect()
}

/// Whether the answer has the form of RFC 9457.
#[track_caller]
fn assert_problem(answer: &Answer, status: u16, code: &str) {
    let context = answer.text();
    assert_eq!(answer.status, status, "{context}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{context}");
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    assert_eq!(body["code"], code, "{context}");
    assert_eq!(body["type"], format!("urn:taskyard:error:{code}"), "{context}");
    assert_eq!(body["status"], status, "{context}");
    for member in ["title", "detail"] {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {context}");
    }
}
