//! `taskyard bench`: how fast this machine runs jobs, measured in this process with everything real that a
//! server has: the yard with its SQLite file, its writer, and WebSocket clients on a real listener.
//!
//! Every bench checks its own result and fails when a job is missing.

mod add;
mod adds;
mod all;
pub mod args;
mod backlog;
mod bulk_cancel;
mod callers;
mod cpu;
mod figures;
mod host;
mod limit;
mod live;
mod load;
mod probe;
mod reached;
mod recount;
mod report;
pub mod run;
mod rundown;
mod stored;
mod sustained;
mod tabs;
#[cfg(test)]
mod tests;
mod throughput;
mod watch;
