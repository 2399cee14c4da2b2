//! Queries: what stands behind the `?`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use taskyard_shared::error::{ErrorCode, WireError};

use super::body::cut;
use super::part::{Describe, Part, schema_of};
use crate::api::problem::Problem;

/// A query as this type reads it.
pub struct Query<T>(pub T);

impl<T: JsonSchema> Describe for Query<T> {
    fn describe(parts: &mut Vec<Part>) {
        parts.push(Part::Query { object: schema_of::<T> });
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Query))
    }
}

pub(super) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let reason = cut(&error.inner().to_string());
        let message = match error.path().to_string().as_str() {
            "." | "?" => format!("the query is not understood: {reason}"),
            place => format!("the query is not understood at {}: {reason}", cut(place)),
        };
        Problem(WireError::new(ErrorCode::InvalidQuery, message))
    })
}
