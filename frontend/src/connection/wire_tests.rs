//! Every message of the protocol is read here as serde reads it.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use taskyard_shared::job::JobOptions;
use taskyard_shared::limit::Limit;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::Schedule;
use taskyard_shared::view::{JobFilter, JobsDelta};

use super::json::Read;
use super::*;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/tests/golden");
/// The board never sends `add_jobs`.
const LEFT_OUT: &str = "reply_jobs_added";

#[test]
fn every_frame_of_the_server_is_read_as_the_protocol_defines_it() {
    let mut read_frames = 0;
    for entry in fs::read_dir(Path::new(GOLDEN)).expect("the golden files are in the repository") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("it can be read");
        // What a client says is no frame of the server.
        let Ok(expected) = serde_json::from_str::<ServerFrame>(&text) else { continue };
        if name.starts_with(LEFT_OUT) {
            continue;
        }
        assert_eq!(frame(&text), Some(expected), "{name}");
        read_frames += 1;
    }
    assert!(read_frames > 40, "{read_frames} frames");
}

#[test]
fn lists_that_did_not_change_are_told_from_empty_ones() {
    let delta = |delta: Value| {
        let text = json!({ "type": "delta", "view": 1, "seq": 2, "delta": delta }).to_string();
        assert_eq!(frame(&text), serde_json::from_str(&text).ok());
        assert!(frame(&text).is_some());
    };
    delta(json!({ "type": "yard" }));
    delta(json!({ "type": "yard", "limits": [], "operations": [] }));
}

#[test]
fn what_is_left_out_is_as_the_protocol_has_it() {
    fn same<T: Read + DeserializeOwned + PartialEq + std::fmt::Debug>(value: Value) {
        let text = value.to_string();
        assert_eq!(T::read(&value), serde_json::from_value(value).ok(), "{text}");
        assert!(json::read::<T>(&text).is_some(), "{text}");
    }
    same::<JobFilter>(json!({}));
    same::<JobOptions>(json!({ "backoff": { "base_ms": 100 } }));
    same::<JobsDelta>(json!({ "total": null, "more": false }));
    same::<Limit>(json!({ "name": "a", "rate": { "count": 5, "per_ms": 1000 } }));
    let counts = json!({ "pending": 1, "processing": 2, "completed": 3, "failed": 4, "cancelled": 5 });
    let queue = json!({ "name": "a", "concurrency": 1, "paused": true, "counts": counts, "stopping": 0, "retention": {} });
    same::<QueueStatus>(queue);
    same::<Schedule>(json!({ "name": "a", "cron": "@daily", "job": { "kind": "demo" } }));
    let job = json!({ "kind": "demo", "unique": {}, "after": [{ "job": 1 }, { "ref": "b" }], "ref": "a" });
    same::<Schedule>(json!({ "name": "a", "cron": "@daily", "job": job }));
}

#[test]
fn what_is_no_frame_is_refused() {
    for text in [
        "",
        "{}",
        r#"{"type":"greeting"}"#,
        r#"{"type":"hello","version":1}"#,
        r#"{"type":"reply","id":1,"reply":{"type":"job_added"}}"#,
        r#"{"type":"snapshot","view":1,"seq":1,"snapshot":{"type":"log"}}"#,
    ] {
        assert_eq!(frame(text), None, "{text}");
    }
}
