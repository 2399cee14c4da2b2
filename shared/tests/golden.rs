//! Every message of the protocol has a golden file in `golden/`, and reads and writes exactly that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskyard_shared::command::{ClientFrame, Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::view::{ViewDelta, ViewQuery, ViewSnapshot, WindowStart};

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

/// The variants seen. Each match is exhaustive: a new variant does not compile until it is named here, and
/// then [`every_message_has_a_golden_file`] fails until it has a file.
#[derive(Default)]
struct Seen(BTreeSet<&'static str>);

impl Seen {
    fn client(&mut self, frame: &ClientFrame) {
        let name = match frame {
            ClientFrame::Hello { .. } => "client hello",
            ClientFrame::Command { command, .. } => {
                self.command(command);
                "command"
            }
            ClientFrame::Watch { query, resume, .. } => {
                self.query(query);
                if resume.is_some() { "watch with resume" } else { "watch" }
            }
            ClientFrame::Unwatch { .. } => "unwatch",
            ClientFrame::Ack { .. } => "ack",
        };
        self.0.insert(name);
    }

    fn command(&mut self, command: &Command) {
        let name = match command {
            Command::AddJob { .. } => "add_job",
            Command::CancelJob { .. } => "cancel_job",
            Command::RetryJob { .. } => "retry_job",
            Command::ClearFinished { .. } => "clear_finished",
            Command::PauseQueue { .. } => "pause_queue",
            Command::ResumeQueue { .. } => "resume_queue",
            Command::SetConcurrency { .. } => "set_concurrency",
            Command::ShowJob { .. } => "show_job",
            Command::ListKinds {} => "list_kinds",
        };
        self.0.insert(name);
    }

    fn query(&mut self, query: &ViewQuery) {
        let name = match query {
            ViewQuery::Queues {} => "query queues",
            ViewQuery::Jobs { query } => match query.start {
                WindowStart::Top => "query jobs top",
                WindowStart::After { .. } => "query jobs after",
                WindowStart::Offset { .. } => "query jobs offset",
            },
        };
        self.0.insert(name);
    }

    fn server(&mut self, frame: &ServerFrame) {
        let name = match frame {
            ServerFrame::Hello { .. } => "server hello",
            ServerFrame::Reply { reply, .. } => {
                self.reply(reply);
                "reply"
            }
            ServerFrame::Snapshot { snapshot: ViewSnapshot::Queues { .. }, .. } => "snapshot queues",
            ServerFrame::Snapshot { snapshot: ViewSnapshot::Jobs { .. }, .. } => "snapshot jobs",
            ServerFrame::Delta { delta: ViewDelta::Queues { .. }, .. } => "delta queues",
            ServerFrame::Delta { delta: ViewDelta::Jobs { .. }, .. } => "delta jobs",
            ServerFrame::Error { .. } => "error",
            ServerFrame::Stopping {} => "stopping",
        };
        self.0.insert(name);
    }

    fn reply(&mut self, reply: &Reply) {
        let name = match reply {
            Reply::JobAdded { .. } => "job_added",
            Reply::JobCancelled { .. } => "job_cancelled",
            Reply::JobRetried { .. } => "job_retried",
            Reply::FinishedCleared { .. } => "finished_cleared",
            Reply::QueueChanged { .. } => "queue_changed",
            Reply::Job { .. } => "job",
            Reply::Kinds { .. } => "kinds",
            Reply::Watching { .. } => "watching",
            Reply::Error { error } => {
                self.0.insert(error.code.as_str());
                "error reply"
            }
        };
        self.0.insert(name);
    }
}

/// Every name that [`Seen`] knows.
fn all_messages() -> BTreeSet<&'static str> {
    let frames = [
        "client hello",
        "command",
        "watch",
        "watch with resume",
        "unwatch",
        "ack",
        "query queues",
        "query jobs top",
        "query jobs after",
        "query jobs offset",
        "server hello",
        "reply",
        "snapshot queues",
        "snapshot jobs",
        "delta queues",
        "delta jobs",
        "error",
        "stopping",
        "job_added",
        "job_cancelled",
        "job_retried",
        "finished_cleared",
        "queue_changed",
        "job",
        "kinds",
        "watching",
        "error reply",
    ];
    frames.into_iter().chain(Command::NAMES).chain(ErrorCode::ALL.map(ErrorCode::as_str)).collect()
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
    assert_eq!(seen.0, all_messages());
}

#[test]
fn the_names_of_the_commands_are_those_on_the_wire() {
    for (name, text) in golden().iter().filter(|(name, _)| name.starts_with("command_")) {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        let on_the_wire = frame["command"]["type"].as_str().expect("a type");
        assert_eq!(*name, format!("command_{on_the_wire}"));
        assert!(Command::NAMES.contains(&on_the_wire), "{on_the_wire}");
    }
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
    for (name, text) in golden() {
        types(&serde_json::from_str(&text).expect("JSON"), &mut names);
        let example: String = text.split_whitespace().collect();
        assert!(
            name.starts_with("error_code_") || compact.contains(&example),
            "PROTOCOL.md does not show {name}.json"
        );
    }
    for name in names {
        assert!(protocol.contains(&format!("`{name}`")), "PROTOCOL.md does not explain `{name}`");
    }
}
