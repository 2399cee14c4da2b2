//! Kinds of jobs: what a worker is, which ones the server comes with, and how arguments are checked before
//! anything is stored.

pub mod context;
pub mod worker;

pub use context::JobContext;
pub use worker::{JobError, JobResult, Label, QueueDefaults, Worker};
