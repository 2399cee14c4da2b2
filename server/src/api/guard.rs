//! Who may ask: requests that pages of other sites make a browser send are refused, and so are requests
//! under a name that is not the server's (DNS rebinding).

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web;
use taskyard_shared::error::{ErrorCode, WireError};

use super::origin::OriginPolicy;
use super::problem::problem;

/// Middleware around everything the server answers.
pub async fn refuse_foreign(
    policy: web::Data<OriginPolicy>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header("host").unwrap_or_default();
    let refusal = if !policy.allows_host(host) {
        Some(format!("\"{host}\" is not a name of this server; add it to server.allowed_hosts"))
    } else if !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
        && !policy.allows(header("origin"), host)
    {
        Some("a page of another site asked; add its origin to server.allowed_origins".to_owned())
    } else {
        None
    };
    match refusal {
        Some(message) => {
            let response = problem(&WireError::new(ErrorCode::ForbiddenOrigin, message));
            Ok(request.into_response(response))
        }
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    }
}
