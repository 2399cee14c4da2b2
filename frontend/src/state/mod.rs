//! What the board knows and decides, in plain Rust: no browser, no clock, no connection.

pub mod address;
pub mod display;
pub mod form;
pub mod highlight;
pub mod job_facts;
pub mod jobs_view;
pub mod life;
pub mod limits;
pub mod log;
pub mod operations;
pub mod queue_settings;
pub mod queues;
pub mod schedules;
pub mod scroll;
pub mod span;
pub mod why;
pub mod yard;
