//! HTTP: the API under `/api/v1`, health and metrics, the sources, and the board's own files.
//!
//! Handlers translate and nothing else: what they are asked goes to the [`crate::Yard`], what it answers
//! goes back as JSON, and every error as a problem (RFC 9457).

pub mod board;
pub mod files;
pub mod guard;
pub mod health;
pub mod metrics;
pub mod mounted;
pub mod openapi;
pub mod origin;
pub mod problem;
pub mod request;
pub mod routes;
pub mod source;

mod batches;
mod bulk;
mod command;
mod jobs;
mod limits;
mod operations;
mod queues;
mod schedules;
mod services;

use actix_web::{HttpRequest, HttpResponse, web};
use taskyard_shared::error::{ErrorCode, WireError};

/// Every route below `/api`.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(routes::mount)
        .service(web::scope("/api").configure(openapi::mount).default_service(web::to(no_such_version)));
}

async fn no_such_version(request: HttpRequest) -> HttpResponse {
    let (path, prefix) = (request.path(), mounted::prefix(&request));
    let message = format!("there is no {path}; the API is at {prefix}{}", routes::PREFIX);
    problem::problem(&WireError::new(ErrorCode::NotFound, message))
}
