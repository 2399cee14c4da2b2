//! From a response to the job's result.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{HeaderMap, SET_COOKIE};
use reqwest::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::exchange::{Answer, no_response};
use super::retry_after;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;

/// Most bytes of a body that are kept; the rest is not even read.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How much of the body an error repeats, in characters.
const MAX_QUOTED_CHARS: usize = 300;

/// Reads the body and judges the status.
///
/// # Errors
/// The status is not one of those expected, or the connection broke.
pub(super) async fn read(answer: Answer, expected: &[u16], ctx: &JobContext) -> Result<Value, JobError> {
    let Answer { mut response, url, redirects } = answer;
    let status = response.status();
    let headers = headers_json(response.headers());
    let body = Body::read(&mut response, ctx).await.map_err(|error| no_response(error, &url))?;
    ctx.info(format!("read {} bytes", body.bytes.len()));
    if body.truncated {
        ctx.warn(format!("the body has more than {MAX_BODY_BYTES} bytes; the rest is not kept"));
    }
    let is_expected =
        if expected.is_empty() { status.is_success() } else { expected.contains(&status.as_u16()) };
    if !is_expected {
        let error = JobError::new(unexpected(&status.to_string(), expected, &body));
        return Err(match retry_after::of(response.headers()) {
            _ if !may_get_better(status) => error.do_not_retry(),
            Some(wait) => error.retry_after(wait),
            None => error,
        });
    }
    let truncated = body.truncated;
    let (text, base64) = body.into_text();
    Ok(json!({
        "status": status.as_u16(),
        "headers": headers,
        "body": text,
        "base64": base64,
        "truncated": truncated,
        "url": url.as_str(),
        "redirects": redirects.iter().map(url::Url::as_str).collect::<Vec<_>>(),
    }))
}

/// A status 4xx says that the request itself is wrong, but for these.
fn may_get_better(status: StatusCode) -> bool {
    !status.is_client_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

fn unexpected(status: &str, expected: &[u16], body: &Body) -> String {
    let wanted = match expected {
        [] => "200 to 299".to_owned(),
        list => list.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
    };
    let text = String::from_utf8_lossy(&body.bytes);
    let text = text.trim();
    if text.is_empty() || text.contains('\u{fffd}') {
        return format!("answered {status}; expected {wanted}");
    }
    let start: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("answered {status}; expected {wanted}. It says: {start}{more}")
}

/// Header fields by name; repeated ones are joined as RFC 9110 (5.3) does, cookies line by line since they
/// may hold commas.
fn headers_json(headers: &HeaderMap) -> Value {
    let mut json = Map::new();
    for name in headers.keys() {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let separator = if name == SET_COOKIE { "\n" } else { ", " };
        json.insert(name.to_string(), values.join(separator).into());
    }
    Value::Object(json)
}

struct Body {
    bytes: Vec<u8>,
    truncated: bool,
}

impl Body {
    async fn read(response: &mut Response, ctx: &JobContext) -> Result<Self, reqwest::Error> {
        let announced = response.content_length().filter(|length| *length > 0);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let room = MAX_BODY_BYTES - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                return Ok(Body { bytes, truncated: true });
            }
            if let Some(announced) = announced {
                ctx.progress(0.3 + 0.7 * bytes.len() as f64 / announced as f64);
            }
        }
        Ok(Body { bytes, truncated: false })
    }

    /// The body as text if it is UTF-8, else as Base64, and whether it is that.
    fn into_text(mut self) -> (String, bool) {
        if self.truncated
            && let Err(error) = std::str::from_utf8(&self.bytes)
            && error.error_len().is_none()
        {
            // The cut went through a character.
            self.bytes.truncate(error.valid_up_to());
        }
        match String::from_utf8(self.bytes) {
            Ok(text) => (text, false),
            Err(error) => (BASE64_STANDARD.encode(error.as_bytes()), true),
        }
    }
}
