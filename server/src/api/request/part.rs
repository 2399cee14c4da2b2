//! What the arguments of a handler say of the requests that it takes.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Makes the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

pub fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// One thing that a handler takes from a request.
pub enum Part {
    /// The one part of the path that is not fixed.
    Path {
        description: &'static str,
        schema: SchemaOf,
    },
    /// Each property of this object is a parameter.
    Query {
        object: SchemaOf,
    },
    Header(Header),
    Json(Json),
    /// A body of any content.
    File {
        max_bytes: u64,
    },
}

pub struct Header {
    pub name: &'static str,
    pub description: &'static str,
    pub max_bytes: usize,
}

pub struct Json {
    pub schema: SchemaOf,
    pub max_bytes: usize,
    /// Reads a body as the handler would.
    pub check: fn(&Value) -> Result<(), String>,
}

/// An argument of a handler, or all of them.
pub trait Describe {
    fn describe(parts: &mut Vec<Part>);
}

macro_rules! describe_tuples {
    ($(($($argument:ident),*)),* $(,)?) => {
        $(impl<$($argument: Describe),*> Describe for ($($argument,)*) {
            fn describe(_parts: &mut Vec<Part>) {
                $($argument::describe(_parts);)*
            }
        })*
    };
}

describe_tuples![(), (A), (A, B), (A, B, C), (A, B, C, D)];

/// Arguments that ask nothing of a request.
macro_rules! describe_nothing {
    ($([$($generic:ident)?] $argument:ty),* $(,)?) => {
        $(impl$(<$generic: 'static>)? Describe for $argument {
            fn describe(_: &mut Vec<Part>) {}
        })*
    };
}

describe_nothing![
    [T] web::Data<T>,
    // The names of these parts are in the route's path.
    [T] web::Path<T>,
    [] HttpRequest,
    [] web::Header<header::IfNoneMatch>,
];
