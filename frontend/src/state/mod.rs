//! What the board knows and decides, in plain Rust: no browser, no clock, no connection.

pub mod address;
pub mod display;
pub mod form;
pub mod highlight;
pub mod jobs_view;
pub mod queues;
pub mod scroll;
