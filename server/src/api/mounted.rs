//! Where all of this is mounted. Paths and links that the server writes into its answers begin with that.

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};

/// The path before everything of ours, without a slash at its end: empty, or `/jobs`.
#[derive(Clone)]
struct MountedAt(Rc<str>);

/// Around the outermost scope: remembers its path, and puts it before the `Location` of what was made.
pub async fn note_mount(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let matched = request.match_info();
    let path = matched.as_str();
    let prefix: Rc<str> =
        path.strip_suffix(matched.unprocessed()).unwrap_or_default().trim_end_matches('/').into();
    request.extensions_mut().insert(MountedAt(Rc::clone(&prefix)));
    let mut response = next.call(request).await?;
    if !prefix.is_empty()
        && let Some(location) = response.headers().get(header::LOCATION)
        && let Ok(location) = location.to_str()
        && let Ok(location) = HeaderValue::try_from(format!("{prefix}{location}"))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// The path where we are mounted: empty, or `/jobs`.
pub fn prefix(request: &HttpRequest) -> Rc<str> {
    request.extensions().get::<MountedAt>().map(|at| Rc::clone(&at.0)).unwrap_or_default()
}

/// The request's path behind that.
pub fn path_within(request: &HttpRequest) -> &str {
    request.path().strip_prefix(&*prefix(request)).unwrap_or(request.path())
}
