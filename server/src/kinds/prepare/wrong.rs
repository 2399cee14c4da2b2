//! Putting into words what is wrong with a job.

use taskyard_shared::error::{ErrorCode, FieldError, WireError};

/// Most characters of somebody's text that an answer repeats.
const MAX_QUOTED_CHARS: usize = 60;

/// What is wrong with something beside the arguments: `$run_at`, `$unique/key`. The sentence begins with the last name.
pub(super) fn setting(name: &str, says: impl AsRef<str>) -> FieldError {
    let last = name.rsplit('/').next().unwrap_or(name);
    FieldError { field: format!("${name}"), message: format!("{last} {}", says.as_ref()) }
}

pub(super) fn invalid(fields: Vec<FieldError>) -> WireError {
    let in_arguments = fields.iter().all(|field| !field.field.starts_with('$'));
    let message = match (fields.len(), in_arguments) {
        (1, true) => "an argument is wrong".to_owned(),
        (count, true) => format!("{count} arguments are wrong"),
        (1, false) => "a field of the job is wrong".to_owned(),
        (count, false) => format!("{count} fields of the job are wrong"),
    };
    WireError::new(ErrorCode::InvalidArguments, message).with_fields(fields)
}

/// The beginning of a text that somebody sent, in quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let start: String = chars.by_ref().take(MAX_QUOTED_CHARS).collect();
    let more = if chars.next().is_some() { "…" } else { "" };
    format!("\"{start}{more}\"")
}
