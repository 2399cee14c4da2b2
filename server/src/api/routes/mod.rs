//! The routes below `/api/v1`: one table, from which both the application and its document are made.

mod examples;
mod mount;
mod route;
mod table;
#[cfg(test)]
mod tests;

pub use mount::{PREFIX, mount};
pub use route::{Content, Route, Success, Tag, Verb};
pub use table::table;
