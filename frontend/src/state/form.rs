//! A form made from a kind's JSON Schema: which fields there are, what is in them, and the arguments that
//! they come to. Bounds are checked here, before anything is sent; the server checks them again.

mod build;
mod model;

pub use build::{Values, build, error_for, initial};
pub use model::{Field, Input, fields};

#[cfg(test)]
mod tests;
