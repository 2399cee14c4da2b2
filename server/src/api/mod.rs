//! HTTP: the API under `/api/v1`, health and metrics, the sources, and the board's own files.
//!
//! Handlers translate and nothing else: what they are asked goes to the [`crate::Yard`], what it answers
//! goes back as JSON, and every error as a problem (RFC 9457).

pub mod board;
pub mod files;
pub mod guard;
pub mod health;
pub mod jobs;
pub mod metrics;
pub mod origin;
pub mod problem;
pub mod queues;
pub mod source;

use actix_web::error::{JsonPayloadError, QueryPayloadError};
use actix_web::{HttpRequest, web};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::MAX_FRAME_BYTES;

use problem::Problem;

/// Every route below `/api/v1`.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/api/v1")
            .app_data(web::JsonConfig::default().limit(MAX_FRAME_BYTES).error_handler(json_error))
            .app_data(web::QueryConfig::default().error_handler(query_error))
            .configure(jobs::configure)
            .configure(queues::configure)
            .configure(files::configure)
            .route("/source", web::get().to(source::list))
            .default_service(web::to(no_such_route)),
    );
}

fn json_error(error: JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    let (code, message) = match &error {
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            (ErrorCode::TooLarge, format!("the body is larger than {} KiB", MAX_FRAME_BYTES / 1024))
        }
        JsonPayloadError::ContentType => {
            (ErrorCode::BadRequest, "send JSON, with the header content-type: application/json".to_owned())
        }
        JsonPayloadError::Deserialize(reason) => {
            (ErrorCode::BadRequest, format!("the body is not what this asks for: {reason}"))
        }
        other => (ErrorCode::BadRequest, format!("the body could not be read: {other}")),
    };
    Problem(WireError::new(code, message)).into()
}

fn query_error(error: QueryPayloadError, _: &HttpRequest) -> actix_web::Error {
    Problem(WireError::new(ErrorCode::InvalidQuery, format!("the query is not understood: {error}"))).into()
}

async fn no_such_route(request: HttpRequest) -> Problem {
    let message = format!("there is no {} {}", request.method(), request.path());
    Problem(WireError::new(ErrorCode::NotFound, message))
}
