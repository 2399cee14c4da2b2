//! The errors that cross the wire: a closed list of codes, each with a sentence for the person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong, for programs. New codes may be added only together with a new protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The frame or body is not JSON, not UTF-8, or not a message of this protocol.
    BadRequest,
    /// The message is well formed, but names no command that exists.
    UnknownCommand,
    /// The first frame named another protocol version.
    UnsupportedVersion,
    /// No kind of job has this name.
    UnknownKind,
    /// The arguments do not fit; `fields` says which and why.
    InvalidArguments,
    /// A filter, sort, limit or cursor that the server will not serve.
    InvalidQuery,
    /// Larger than the stated bound.
    TooLarge,
    /// There is no job, batch, queue, limit, schedule, operation, upload or artifact of that name or number.
    NotFound,
    /// The job has already ended, so it cannot be cancelled.
    AlreadyFinished,
    /// The state of the job, operation or queue does not allow this: a running job cannot be retried, an operation
    /// that has begun cannot be undone, a queue that is draining takes no jobs.
    WrongState,
    /// Another job has the same unique key, or the `Idempotency-Key` was used for another request.
    Conflict,
    /// This client asked too often; `retry_after_ms` says when it may ask again.
    RateLimited,
    /// Too much is waiting to be written: try again in a moment.
    Overloaded,
    /// The server is stopping, or its queue is restarting: try again in a moment.
    Unavailable,
    /// The disk refused the write; nothing was stored.
    StoreFailed,
    /// A page of another site asked.
    ForbiddenOrigin,
    /// A defect of the server; its log says more.
    Internal,
}

impl ErrorCode {
    pub const ALL: [ErrorCode; 17] = [
        ErrorCode::BadRequest,
        ErrorCode::UnknownCommand,
        ErrorCode::UnsupportedVersion,
        ErrorCode::UnknownKind,
        ErrorCode::InvalidArguments,
        ErrorCode::InvalidQuery,
        ErrorCode::TooLarge,
        ErrorCode::NotFound,
        ErrorCode::AlreadyFinished,
        ErrorCode::WrongState,
        ErrorCode::Conflict,
        ErrorCode::RateLimited,
        ErrorCode::Overloaded,
        ErrorCode::Unavailable,
        ErrorCode::StoreFailed,
        ErrorCode::ForbiddenOrigin,
        ErrorCode::Internal,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::BadRequest => "bad_request",
            ErrorCode::UnknownCommand => "unknown_command",
            ErrorCode::UnsupportedVersion => "unsupported_version",
            ErrorCode::UnknownKind => "unknown_kind",
            ErrorCode::InvalidArguments => "invalid_arguments",
            ErrorCode::InvalidQuery => "invalid_query",
            ErrorCode::TooLarge => "too_large",
            ErrorCode::NotFound => "not_found",
            ErrorCode::AlreadyFinished => "already_finished",
            ErrorCode::WrongState => "wrong_state",
            ErrorCode::Conflict => "conflict",
            ErrorCode::RateLimited => "rate_limited",
            ErrorCode::Overloaded => "overloaded",
            ErrorCode::Unavailable => "unavailable",
            ErrorCode::StoreFailed => "store_failed",
            ErrorCode::ForbiddenOrigin => "forbidden_origin",
            ErrorCode::Internal => "internal",
        }
    }

    /// Whether the same request may succeed a little later.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            ErrorCode::RateLimited | ErrorCode::Overloaded | ErrorCode::Unavailable | ErrorCode::StoreFailed
        )
    }
}

/// What is wrong with one field of a job, or of another thing that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// Of arguments: a JSON Pointer (RFC 6901) into them, `/duration`, or empty for the whole. Of what stands beside
    /// the arguments: the same with `$` in place of the first slash, `$run_at` or `$backoff/base_ms`.
    pub field: String,
    /// A sentence for the person.
    pub message: String,
}

/// An error as a client gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WireError {
    pub code: ErrorCode,
    /// A sentence for the person, saying what to do where there is something to do.
    pub message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// How long to wait before the next try, in milliseconds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl WireError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        WireError { code, message: message.into(), fields: Vec::new(), retry_after_ms: None }
    }

    /// Says what is wrong with each field.
    pub fn with_fields(self, fields: Vec<FieldError>) -> Self {
        WireError { fields, ..self }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for field in &self.fields {
            write!(f, "; {}: {}", field.field.trim_start_matches(['/', '$']), field.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for WireError {}
