//! Errors of the API in the form of RFC 9457: `application/problem+json`.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::error::{BlockingError, InternalError};
use actix_web::http::{ConnectionType, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError};
use schemars::JsonSchema;
use serde::Serialize;
use taskyard_shared::error::{ErrorCode, FieldError, WireError};

/// An error that goes back to an HTTP client.
#[derive(Debug)]
pub struct Problem(pub WireError);

/// What went wrong (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemBody<'a> {
    /// `urn:taskyard:error:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The code in words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// A sentence for the person, saying what to do where there is something to do.
    detail: &'a str,
    code: ErrorCode,
    /// What is wrong with single arguments.
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    #[schemars(default)]
    fields: &'a [FieldError],
    /// What is wrong with single jobs of several.
    #[serde(skip_serializing_if = "<[RefusedJob]>::is_empty")]
    #[schemars(default)]
    errors: &'a [RefusedJob],
}

/// One of several jobs, and why it was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RefusedJob {
    /// Its place among the jobs, from 0; that of `then` comes last.
    pub index: usize,
    pub error: WireError,
}

impl Problem {
    /// An error for a request that is answered already.
    pub fn answered(response: HttpResponse) -> actix_web::Error {
        InternalError::from_response("answered", response).into()
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<WireError> for Problem {
    fn from(error: WireError) -> Self {
        Problem(error)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(self.0.code)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        problem(&self.0)
    }
}

impl Responder for Problem {
    type Body = BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        problem(&self.0)
    }
}

/// The response that says what went wrong.
pub fn problem(error: &WireError) -> HttpResponse {
    respond(status(error.code), error, &[])
}

/// As [`problem`], with what is wrong with each of several jobs.
pub fn jobs_refused(error: &WireError, refused: &[RefusedJob]) -> HttpResponse {
    respond(status(error.code), error, refused)
}

/// The path exists, but cannot be asked like this. `allowed`: the header `Allow`.
pub fn wrong_method(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let message = format!("{} takes {allowed}; it was asked with {}", request.path(), request.method());
    let error = WireError::new(ErrorCode::BadRequest, message);
    let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, &error, &[]);
    if let Ok(allowed) = allowed.parse() {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

/// The rest of the body did not come within `patience`. The connection is closed, since it may still come.
pub fn too_slow(patience: Duration) -> HttpResponse {
    let message = format!("nothing more of the body came for {} s; send it again", patience.as_secs());
    let error = WireError::new(ErrorCode::BadRequest, message);
    let mut response = respond(StatusCode::REQUEST_TIMEOUT, &error, &[]);
    response.head_mut().set_connection_type(ConnectionType::Close);
    response
}

/// What a call that may block says when it was not made.
pub fn stopping(_: BlockingError) -> Problem {
    Problem(WireError::new(ErrorCode::Unavailable, "the server is stopping; try again when it is back"))
}

fn respond(status: StatusCode, error: &WireError, errors: &[RefusedJob]) -> HttpResponse {
    let body = ProblemBody {
        kind: format!("urn:taskyard:error:{}", error.code.as_str()),
        title: title(error.code),
        status: status.as_u16(),
        detail: &error.message,
        code: error.code,
        fields: &error.fields,
        errors,
    };
    let mut response = HttpResponseBuilder::new(status);
    if error.code.is_retryable() {
        let seconds = error.retry_after_ms.unwrap_or_default().div_ceil(1_000).max(1);
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    let body = serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned());
    response.content_type("application/problem+json").body(body)
}

/// The status of an answer with this error.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::UnknownCommand | ErrorCode::UnsupportedVersion => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::UnknownKind | ErrorCode::InvalidArguments | ErrorCode::InvalidQuery => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::AlreadyFinished | ErrorCode::WrongState | ErrorCode::Conflict => StatusCode::CONFLICT,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Overloaded | ErrorCode::Unavailable | ErrorCode::StoreFailed => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::ForbiddenOrigin => StatusCode::FORBIDDEN,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The code in words.
pub fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "Request not understood",
        ErrorCode::UnknownCommand => "Unknown command",
        ErrorCode::UnsupportedVersion => "Unsupported protocol version",
        ErrorCode::UnknownKind => "Unknown kind of job",
        ErrorCode::InvalidArguments => "Invalid arguments",
        ErrorCode::InvalidQuery => "Invalid query",
        ErrorCode::TooLarge => "Too large",
        ErrorCode::NotFound => "Not found",
        ErrorCode::AlreadyFinished => "Already finished",
        ErrorCode::WrongState => "Not in this state",
        ErrorCode::Conflict => "Conflict",
        ErrorCode::RateLimited => "Too many requests",
        ErrorCode::Overloaded => "Overloaded",
        ErrorCode::Unavailable => "Unavailable",
        ErrorCode::StoreFailed => "Not stored",
        ErrorCode::ForbiddenOrigin => "Foreign origin",
        ErrorCode::Internal => "Internal error",
    }
}
