//! The commands that are clients of a running server; one file each.

pub mod add;
pub mod add_many;
pub mod batch;
pub mod explain;
pub mod jobs;
pub mod kinds;
pub mod limits;
pub mod list;
pub mod log;
mod log_tail;
mod new_job;
mod operation_progress;
pub mod operations;
pub mod priority;
pub mod queues;
pub mod schedules;
pub mod services;
pub mod show;
mod wait;
pub mod watch;
