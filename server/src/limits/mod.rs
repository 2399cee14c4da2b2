//! Limits on how many jobs are at work and how often they start: the rules, in plain Rust, for every store and for
//! the answer to why a job waits. Nothing here knows a clock or a disk.

mod gcra;
mod meter;
mod rules;

pub use gcra::Gcra;
pub use meter::{Admission, MeterUse};
pub use rules::{LimitBook, LimitRef, MeterKey, key_of};
