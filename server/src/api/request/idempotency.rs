//! The header `Idempotency-Key`: a request that is made again is answered as it was the first time.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::limits::MAX_KEY_BYTES;

use super::body::{LARGE_BYTES, cut};
use super::part::{Describe, Header, Part};
use crate::api::problem::{Problem, stopping};
use crate::files::hex;
use crate::store::IdempotencyKey;

const HEADER: &str = "Idempotency-Key";

/// The key of a request, if it has one.
#[derive(Debug)]
pub struct IdempotencyHeader {
    key: Option<String>,
    /// Method and path.
    target: String,
}

impl IdempotencyHeader {
    /// The key together with what tells this request from others.
    ///
    /// # Errors
    /// The server is stopping.
    pub async fn with_body(self, body: &Bytes) -> Result<Option<IdempotencyKey>, Problem> {
        let Some(key) = self.key else { return Ok(None) };
        let (target, body) = (self.target, body.clone());
        let fingerprint = if body.len() > LARGE_BYTES {
            web::block(move || fingerprint(&target, &body)).await.map_err(stopping)?
        } else {
            fingerprint(&target, &body)
        };
        Ok(Some(IdempotencyKey { key, fingerprint }))
    }
}

impl Describe for IdempotencyHeader {
    fn describe(parts: &mut Vec<Part>) {
        parts.push(Part::Header(Header {
            name: HEADER,
            description: "Chosen by the client, anew for each thing it wants done: visible ASCII. The same request \
                          with the same key is answered as it was the first time, for a day; another request with \
                          it is refused.",
            max_bytes: MAX_KEY_BYTES,
        }));
    }
}

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let target = format!("{} {}", request.method(), request.path());
        ready(key_of(request).map(|key| IdempotencyHeader { key, target }))
    }
}

/// There is no key: what is asked for here would be done again all the same, which is not what a key promises.
pub struct NoIdempotencyKey;

impl Describe for NoIdempotencyKey {
    fn describe(_: &mut Vec<Part>) {}
}

impl FromRequest for NoIdempotencyKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(HEADER) {
            return ready(Ok(NoIdempotencyKey));
        }
        let message = format!(
            "{} {} takes no {HEADER}: sent again it would be done again. Leave the header out",
            request.method(),
            cut(request.path())
        );
        ready(Err(Problem(WireError::new(ErrorCode::BadRequest, message))))
    }
}

fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut keys = request.headers().get_all(HEADER);
    let Some(key) = keys.next() else { return Ok(None) };
    let is_right =
        (1..=MAX_KEY_BYTES).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match (key.to_str(), keys.next()) {
        (Ok(key), None) if is_right => Ok(Some(key.to_owned())),
        _ => {
            let message = format!("it must be one key of 1 to {MAX_KEY_BYTES} visible ASCII characters");
            let field = FieldError { field: format!("${HEADER}"), message };
            let error =
                WireError::new(ErrorCode::BadRequest, format!("the header {HEADER} is not understood"));
            Err(Problem(error.with_fields(vec![field])))
        }
    }
}

fn fingerprint(target: &str, body: &[u8]) -> String {
    // No target has a line break, so no two requests are the same bytes.
    let sum = Sha256::new().chain_update(target).chain_update("\n").chain_update(body).finalize();
    hex(&sum)
}
