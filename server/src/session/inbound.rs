//! A client's text, understood or refused with a sentence. Pure.

use serde::Deserialize;
use serde_json::Value;
use taskyard_shared::command::{ClientFrame, Command};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::reads_objects_only;

reads_objects_only!(Sketch);

/// A frame that is no message of the protocol.
#[derive(Debug, PartialEq)]
pub(super) struct BadFrame {
    /// What to answer to, if that could be read.
    pub id: Option<u64>,
    pub error: WireError,
}

/// As much of a frame as can be read of a bad one.
#[derive(Default, Deserialize)]
#[serde(remote = "Sketch")]
struct Sketch {
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(default)]
    id: Value,
    #[serde(default)]
    command: Value,
}

/// # Errors
/// The text is not one of the client's messages.
pub(super) fn parse(text: &str) -> Result<ClientFrame, BadFrame> {
    serde_json::from_str(text).map_err(|error| explain(text, &error))
}

fn explain(text: &str, error: &serde_json::Error) -> BadFrame {
    let sketch: Sketch = serde_json::from_str(text).unwrap_or_default();
    let is_request = matches!(sketch.kind.as_str(), Some("command" | "watch"));
    let id = sketch.id.as_u64().filter(|_| is_request);
    let refuse = |code, message| BadFrame { id, error: WireError::new(code, message) };
    match (sketch.kind.as_str(), sketch.command.get("type").and_then(Value::as_str)) {
        (Some("command"), Some(name)) if !Command::NAMES.contains(&name) => refuse(
            ErrorCode::UnknownCommand,
            format!(
                "there is no command \"{}\"; the commands are {}",
                shorten(name),
                Command::NAMES.join(", ")
            ),
        ),
        (Some("watch"), _) => {
            refuse(ErrorCode::InvalidQuery, format!("this view cannot be watched: {error}"))
        }
        _ => refuse(ErrorCode::BadRequest, format!("this is not a message of the protocol: {error}")),
    }
}

fn shorten(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (Option<u64>, ErrorCode) {
        let bad = parse(text).expect_err(text);
        (bad.id, bad.error.code)
    }

    #[test]
    fn what_can_be_read_of_a_bad_frame_is_answered() {
        use ErrorCode::{BadRequest, InvalidQuery, UnknownCommand};
        for (text, expected) in [
            ("", (None, BadRequest)),
            ("{", (None, BadRequest)),
            ("7", (None, BadRequest)),
            ("[]", (None, BadRequest)),
            (r#"["unwatch",1]"#, (None, BadRequest)),
            (r#"["command",1,{"type":"list_kinds"}]"#, (None, BadRequest)),
            (r#"{"type":"command","id":1,"command":["list_kinds"]}"#, (Some(1), BadRequest)),
            (r#"{"type":"nonsense","id":1}"#, (None, BadRequest)),
            (r#"{"type":"command","id":1,"command":{"type":"nonsense"}}"#, (Some(1), UnknownCommand)),
            (r#"{"type":"command","command":{"type":"nonsense"}}"#, (None, UnknownCommand)),
            (r#"{"type":"command","id":-1,"command":{"type":"list_kinds"}}"#, (None, BadRequest)),
            (r#"{"type":"command","id":2,"command":{"type":"cancel_job"}}"#, (Some(2), BadRequest)),
            (r#"{"type":"command","id":2,"command":{"type":"list_kinds"},"x":1}"#, (Some(2), BadRequest)),
            (
                r#"{"type":"watch","id":3,"query":{"type":"jobs","query":{"limit":1e12}}}"#,
                (Some(3), InvalidQuery),
            ),
            (r#"{"type":"watch","id":3,"query":{"type":"nonsense"}}"#, (Some(3), InvalidQuery)),
        ] {
            assert_eq!(refused(text), expected, "{text}");
        }
    }

    #[test]
    fn deeply_nested_json_is_refused_and_not_followed() {
        let text = format!(r#"{{"type":"command","id":1,"command":{}"#, "[".repeat(100_000));
        assert_eq!(refused(&text).1, ErrorCode::BadRequest);
    }
}
