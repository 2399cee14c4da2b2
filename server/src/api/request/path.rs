//! The part of a path that names a thing.

use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use schemars::JsonSchema;
use taskyard_shared::batch::BatchId;
use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::job::JobId;
use taskyard_shared::operation::OperationId;

use super::body::cut;
use super::part::{Describe, Part, schema_of};
use crate::api::problem::Problem;

/// Things that have numbers.
pub trait Numbered: FromStr + JsonSchema {
    /// `a job`.
    const WHAT: &'static str;
    const DESCRIPTION: &'static str;
}

impl Numbered for JobId {
    const WHAT: &'static str = "a job";
    const DESCRIPTION: &'static str = "The job's number.";
}

impl Numbered for BatchId {
    const WHAT: &'static str = "a batch";
    const DESCRIPTION: &'static str = "The batch's number.";
}

impl Numbered for OperationId {
    const WHAT: &'static str = "an operation";
    const DESCRIPTION: &'static str = "The operation's number.";
}

/// `{id}`. What is no number names nothing: 404.
pub struct Id<T>(pub T);

impl<T: Numbered> Describe for Id<T> {
    fn describe(parts: &mut Vec<Part>) {
        parts.push(Part::Path { description: T::DESCRIPTION, schema: schema_of::<T> });
    }
}

impl<T: Numbered> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = only_part(request);
        ready(text.parse().map(Id).map_err(|_| {
            let message = format!("\"{}\" is not {}'s number", cut(&text), T::WHAT);
            Problem(WireError::new(ErrorCode::NotFound, message))
        }))
    }
}

/// `{name}`.
pub struct Name(pub String);

impl Name {
    /// Where a body says the name as well.
    ///
    /// # Errors
    /// The body says another one.
    pub fn must_be(&self, in_body: &str) -> Result<(), Problem> {
        if self.0 == in_body {
            return Ok(());
        }
        let (in_path, in_body) = (cut(&self.0), cut(in_body));
        let message =
            format!("the path names \"{in_path}\", but the body \"{in_body}\": they must be the same");
        let field = FieldError { field: "$name".to_owned(), message: format!("it must be \"{in_path}\"") };
        Err(Problem(WireError::new(ErrorCode::InvalidArguments, message).with_fields(vec![field])))
    }
}

impl Describe for Name {
    fn describe(parts: &mut Vec<Part>) {
        parts.push(Part::Path { description: "Its name.", schema: schema_of::<String> });
    }
}

impl FromRequest for Name {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Name(only_part(request))))
    }
}

/// Empty, and so the name of nothing, where the path has no such part or it is not UTF-8.
fn only_part(request: &HttpRequest) -> String {
    let part = web::Path::<String>::extract(request).into_inner();
    part.map(web::Path::into_inner).unwrap_or_default()
}
