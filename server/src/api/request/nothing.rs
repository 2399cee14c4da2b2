//! What a request must not bring: a query or a body that its route does not take would be passed over, and what it asks
//! for be done differently from what was meant.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use taskyard_shared::error::{ErrorCode, WireError};

use super::body::cut;
use super::patience::{NotGathered, gather, too_slow};
use crate::api::problem::Problem;

/// Most that an empty body takes: `{}`, with some blanks.
const MAX_EMPTY_BYTES: usize = 64;

/// There is no query.
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = request.query_string();
        ready(if query.is_empty() {
            Ok(NoQuery)
        } else {
            Err(refused(request, &format!("no query; it was asked with \"?{}\"", cut(query))))
        })
    }
}

/// There is no body, or the empty object that some clients always send.
pub struct NoBody;

impl FromRequest for NoBody {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload).into_inner();
        Box::pin(async move {
            match gather(payload?, MAX_EMPTY_BYTES).await {
                Ok(body) if is_empty(&body) => Ok(NoBody),
                Err(NotGathered::TooSlow) => Err(Problem::answered(too_slow(&request))),
                _ => Err(refused(&request, "no body; leave it out, or send {}").into()),
            }
        })
    }
}

fn is_empty(body: &[u8]) -> bool {
    let mut signs = body.iter().copied().filter(|sign| !sign.is_ascii_whitespace());
    matches!((signs.next(), signs.next(), signs.next()), (None, ..) | (Some(b'{'), Some(b'}'), None))
}

fn refused(request: &HttpRequest, takes: &str) -> Problem {
    let message = format!("{} {} takes {takes}", request.method(), cut(request.path()));
    Problem(WireError::new(ErrorCode::BadRequest, message))
}
