//! One folder for each page.

pub mod board;
pub mod job;
pub mod source;
