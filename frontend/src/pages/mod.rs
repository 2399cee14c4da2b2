//! One folder for each page.

pub mod batch;
pub mod board;
pub mod job;
pub mod limits;
pub mod schedules;
pub mod services;
pub mod source;
