//! `POST /uploads?name=photo.jpg`: the body is the file.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use serde::Deserialize;
use taskyard_shared::error::WireError;
use taskyard_shared::limits::MAX_UPLOAD_BYTES;

use super::FilesApi;
use crate::api::problem::Problem;
use crate::api::request::{FileBody, Query, too_slow};
use crate::files::FileError;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadQuery {
    /// What the file is called, without a path.
    name: String,
}

/// Answers 201 and the file's [`taskyard_shared::job::FileRef`] once it is on the disk. A job has a day to
/// refer to it.
pub async fn upload(
    request: HttpRequest,
    api: web::Data<FilesApi>,
    Query(query): Query<UploadQuery>,
    FileBody(body): FileBody,
) -> Result<HttpResponse, Problem> {
    // Said before the body is read, where the client says it; counted while reading in any case.
    if announced_bytes(&request).is_some_and(|bytes| bytes > MAX_UPLOAD_BYTES) {
        return Err(wire(FileError::TooLarge { max_bytes: MAX_UPLOAD_BYTES }));
    }
    match api.files.receive(&query.name, MAX_UPLOAD_BYTES, body).await {
        Ok(file) => Ok(HttpResponse::Created().json(file)),
        Err(FileError::TooSlow) => Ok(too_slow(&request)),
        Err(error) => Err(wire(error)),
    }
}

fn announced_bytes(request: &HttpRequest) -> Option<u64> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn wire(error: FileError) -> Problem {
    Problem(WireError::from(error))
}
