//! A form made from a kind's JSON Schema: which fields there are, what is in them, and the arguments that
//! they come to. Bounds are checked here, before anything is sent; the server checks them again.

mod build;
mod cases;
pub mod files;
mod model;
pub mod options;

pub use build::{
    Values, again, build, error_at, error_for, filled, has_place, identifier, initial, placed, unplaced,
};
pub use model::{Field, Input, Shape, fields, fields_under};

#[cfg(test)]
mod tests;
