//! From `key=value` on the command line to the JSON that a kind's schema asks for.

mod schema;
#[cfg(test)]
mod tests;
mod uploads;
mod values;

pub use schema::Schema;
pub use uploads::{fill_uploads, name_after_file};
pub use values::from_pairs;
