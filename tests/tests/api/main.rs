//! The REST API of a real server.

mod bad_input;
mod cancelling;
mod files;
mod queues;
mod routes;

use serde_json::{Value, json};
use taskyard_shared::job::NewJob;

/// A demo job that cannot fail by chance.
fn demo(name: &str, duration: u32) -> NewJob {
    let args = json!({ "name": name, "duration": duration, "failure_chance": 0 });
    NewJob { kind: "demo".to_owned(), queue: None, args }
}

/// The ids of a list, in its order.
fn ids(page: &Value) -> Vec<u64> {
    page["rows"].as_array().into_iter().flatten().filter_map(|row| row["id"].as_u64()).collect()
}

/// Whether the answer has the form of RFC 9457.
#[track_caller]
fn assert_problem(answer: &taskyard_tests::api::Answer, status: u16, code: &str) {
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
