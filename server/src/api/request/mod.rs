//! What a request brings: parts of its path, its query, its headers and its body. Each says what it takes, so that
//! the document of the API is made from the very types that read the requests.

mod body;
mod client;
mod idempotency;
mod nothing;
mod part;
mod path;
mod patience;
mod query;
#[cfg(test)]
mod tests;

pub use body::{FileBody, JsonBody};
pub use client::client_of;
pub use idempotency::{IdempotencyHeader, NoIdempotencyKey};
pub use nothing::{NoBody, NoQuery};
pub use part::{Describe, Header, Part, SchemaOf, schema_of};
pub use path::{Id, Name};
pub use patience::{SlowBodies, too_slow};
pub use query::Query;
