//! Every message of the protocol has a golden file in `golden/`, and reads and writes exactly that.
//!
//! A file is named after its message; what follows a `-` tells several files of one message apart.

mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskyard_shared::command::{ClientFrame, Command};
use taskyard_shared::error::ErrorCode;

use seen::{Seen, all_messages};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
const PROTOCOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/PROTOCOL.md");

fn golden() -> BTreeMap<String, String> {
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a golden file"))
    };
    fs::read_dir(Path::new(FOLDER)).expect("the folder").map(read).collect()
}

fn both<T: Serialize + DeserializeOwned>(name: &str, text: &str) -> T {
    let frame: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let written = serde_json::to_string_pretty(&frame).expect("JSON");
    assert_eq!(written.trim(), text.trim(), "{name} is written as it is read");
    frame
}

fn is_from_client(name: &str) -> bool {
    ["client_", "command_", "watch_", "unwatch", "ack"].iter().any(|start| name.starts_with(start))
}

#[test]
fn every_message_has_a_golden_file() {
    let mut seen = Seen::default();
    for (name, text) in golden() {
        if is_from_client(&name) {
            seen.client(&both(&name, &text));
        } else {
            seen.server(&both(&name, &text));
        }
    }
    let expected = all_messages();
    let without_file: Vec<_> = expected.difference(&seen.0).collect();
    let not_expected: Vec<_> = seen.0.difference(&expected).collect();
    assert!(
        without_file.is_empty() && not_expected.is_empty(),
        "without a golden file: {without_file:?}; not listed in the test: {not_expected:?}"
    );
}

#[test]
fn the_names_of_the_commands_are_those_on_the_wire() {
    for (name, text) in golden().iter().filter(|(name, _)| name.starts_with("command_")) {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        let on_the_wire = frame["command"]["type"].as_str().expect("a type");
        let message = name.split('-').next().expect("a name");
        assert_eq!(message, format!("command_{on_the_wire}"));
        assert!(Command::NAMES.contains(&on_the_wire), "{on_the_wire}");
    }
}

/// The value anew for each object in it, with a list of that object's fields in its place, and with an empty one. What a
/// kind's arguments look like is the kind's affair.
fn with_lists(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(fields) => {
            let in_order = Value::Array(fields.values().cloned().collect());
            let inside = fields.iter().filter(|(name, _)| *name != "args").flat_map(|(name, field)| {
                with_lists(field).into_iter().map(move |field| {
                    let mut fields = fields.clone();
                    fields.insert(name.clone(), field);
                    Value::Object(fields)
                })
            });
            [in_order, Value::Array(Vec::new())].into_iter().chain(inside).collect()
        }
        Value::Array(items) => (0..items.len())
            .flat_map(|at| {
                with_lists(&items[at]).into_iter().map(move |item| {
                    let mut items = items.clone();
                    items[at] = item;
                    Value::Array(items)
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn no_list_of_a_client_is_taken_for_an_object() {
    let mut tried = 0;
    for (name, text) in golden().iter().filter(|(name, _)| is_from_client(name)) {
        for wrong in with_lists(&serde_json::from_str(text).expect("JSON")) {
            let read = serde_json::from_str::<ClientFrame>(&wrong.to_string());
            assert!(read.is_err(), "{name}: {wrong}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

fn types(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(name)) = fields.get("type") {
                found.insert(name.clone());
            }
            fields
                .iter()
                .filter(|(name, _)| *name != "args_schema")
                .for_each(|(_, value)| types(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| types(item, found)),
        _ => (),
    }
}

#[test]
fn the_definition_shows_every_golden_file_and_names_every_type_and_code() {
    let protocol = fs::read_to_string(PROTOCOL).expect("docs/PROTOCOL.md");
    let mut names: BTreeSet<String> = ErrorCode::ALL.map(|code| code.as_str().to_owned()).into();
    let compact: String = protocol.split_whitespace().collect();
    let mut missing = Vec::new();
    for (name, text) in golden() {
        types(&serde_json::from_str(&text).expect("JSON"), &mut names);
        let example: String = text.split_whitespace().collect();
        if !name.starts_with("error_code_") && !compact.contains(&example) {
            missing.push(format!("does not show {name}.json"));
        }
    }
    for name in names {
        if !protocol.contains(&format!("`{name}`")) {
            missing.push(format!("does not explain `{name}`"));
        }
    }
    assert!(missing.is_empty(), "PROTOCOL.md {}", missing.join(", "));
}
