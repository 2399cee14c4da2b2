//! Bodies: JSON, and files.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::{MAX_FRAME_BYTES, MAX_UPLOAD_BYTES};

use super::part::{Describe, Json, Part, schema_of};
use super::patience::{NotGathered, gather, too_slow};
use crate::api::problem::{Problem, stopping};

/// Larger bodies are read on a thread that may block, so that the worker answers others meanwhile.
pub(super) const LARGE_BYTES: usize = 256 * 1024;
/// Most characters of a reason, which may quote what was sent.
const MAX_REASON_CHARS: usize = 300;

/// A body of JSON with at most `MAX` bytes, and the bytes it was read from.
pub struct JsonBody<T, const MAX: usize = MAX_FRAME_BYTES> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T, const MAX: usize> Describe for JsonBody<T, MAX>
where
    T: JsonSchema + DeserializeOwned,
{
    fn describe(parts: &mut Vec<Part>) {
        let check = |value: &Value| match T::deserialize(value) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        parts.push(Part::Json(Json { schema: schema_of::<T>, max_bytes: MAX, check }));
    }
}

impl<T, const MAX: usize> FromRequest for JsonBody<T, MAX>
where
    T: DeserializeOwned + Send + 'static,
{
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload).into_inner();
        Box::pin(async move {
            check_type(&request)?;
            if announced_bytes(&request).is_some_and(|bytes| bytes > MAX) {
                return Err(too_large(MAX).into());
            }
            let bytes = gather(payload?, MAX).await.map_err(|error| match error {
                NotGathered::TooLarge => too_large(MAX).into(),
                NotGathered::TooSlow => Problem::answered(too_slow(&request)),
                NotGathered::Broken(reason) => unreadable(&reason).into(),
            })?;
            let value = if bytes.len() > LARGE_BYTES {
                let bytes = bytes.clone();
                web::block(move || parse(&bytes)).await.map_err(stopping)??
            } else {
                parse(&bytes)?
            };
            Ok(JsonBody { value, bytes })
        })
    }
}

/// A body of any content, as it comes in. Whoever reads it counts its bytes.
pub struct FileBody(pub web::Payload);

impl Describe for FileBody {
    fn describe(parts: &mut Vec<Part>) {
        parts.push(Part::File { max_bytes: MAX_UPLOAD_BYTES });
    }
}

impl FromRequest for FileBody {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(web::Payload::from_request(request, payload).into_inner().map(FileBody))
    }
}

fn check_type(request: &HttpRequest) -> Result<(), Problem> {
    let is_json = match request.mime_type() {
        Ok(Some(media_type)) => {
            media_type.subtype() == "json" || media_type.suffix().is_some_and(|suffix| suffix == "json")
        }
        Ok(None) | Err(_) => false,
    };
    if is_json {
        return Ok(());
    }
    let message = "send JSON as the body, with the header content-type: application/json";
    Err(Problem(WireError::new(ErrorCode::BadRequest, message)))
}

fn announced_bytes(request: &HttpRequest) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(max: usize) -> Problem {
    Problem(WireError::new(ErrorCode::TooLarge, format!("the body is larger than {} KiB", max / 1024)))
}

fn unreadable(reason: &str) -> Problem {
    Problem(WireError::new(ErrorCode::BadRequest, format!("the body could not be read: {reason}")))
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| misunderstood(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| misunderstood(".", &error))?;
    Ok(value)
}

/// `place`: `jobs[3].priority`, or `.` for the whole.
fn misunderstood(place: &str, reason: &serde_json::Error) -> Problem {
    let reason = cut(&reason.to_string());
    let message = match place {
        "." | "?" => format!("the body is not what this asks for: {reason}"),
        place => format!("the body is not what this asks for at {}: {reason}", cut(place)),
    };
    Problem(WireError::new(ErrorCode::BadRequest, message))
}

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_REASON_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
