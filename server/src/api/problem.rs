//! Errors of the API in the form of RFC 9457: `application/problem+json`.

use actix_web::body::BoxBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, Responder, ResponseError};
use serde::Serialize;
use taskyard_shared::error::{ErrorCode, FieldError, WireError};

/// An error that goes back to an HTTP client.
#[derive(Debug)]
pub struct Problem(pub WireError);

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: ErrorCode,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    fields: &'a [FieldError],
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
    let status = status(error.code);
    let body = Body {
        kind: format!("urn:taskyard:error:{}", error.code.as_str()),
        title: title(error.code),
        status: status.as_u16(),
        detail: &error.message,
        code: error.code,
        fields: &error.fields,
    };
    let mut response = HttpResponseBuilder::new(status);
    if error.code.is_retryable() {
        response.insert_header((header::RETRY_AFTER, "1"));
    }
    let body = serde_json::to_string(&body).unwrap_or_else(|_| "{}".to_owned());
    response.content_type("application/problem+json").body(body)
}

fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::UnknownCommand | ErrorCode::UnsupportedVersion => {
            StatusCode::BAD_REQUEST
        }
        ErrorCode::UnknownKind | ErrorCode::InvalidArguments | ErrorCode::InvalidQuery => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::AlreadyFinished | ErrorCode::WrongState => StatusCode::CONFLICT,
        ErrorCode::Overloaded | ErrorCode::Unavailable | ErrorCode::StoreFailed => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::ForbiddenOrigin => StatusCode::FORBIDDEN,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(code: ErrorCode) -> &'static str {
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
        ErrorCode::Overloaded => "Overloaded",
        ErrorCode::Unavailable => "Unavailable",
        ErrorCode::StoreFailed => "Not stored",
        ErrorCode::ForbiddenOrigin => "Foreign origin",
        ErrorCode::Internal => "Internal error",
    }
}
