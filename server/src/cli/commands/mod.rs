//! The commands that are clients of a running server; one file each.

pub mod add;
pub mod jobs;
pub mod kinds;
pub mod list;
pub mod queues;
pub mod show;
mod wait;
pub mod watch;
