//! Kinds of jobs: what a worker is, which ones the server comes with, and how arguments are checked before
//! anything is stored.
//!
//! A kind is a [`Worker`]: typed arguments and what to do with them. A [`KindRegistry`] holds the kinds of
//! one server with their types erased, and turns what a client wants added into what the store keeps.

pub mod command;
pub mod contact_sheet;
pub mod context;
pub mod demo;
pub mod email;
mod erased;
mod field_order;
pub mod file_arg;
pub(crate) mod fingerprint;
pub mod http;
pub mod image;
pub mod job_builder;
pub mod job_error;
pub(crate) mod json_size;
pub mod prepare;
pub mod registry;
pub mod report;
mod results;
pub mod retry;
mod schema;
mod sentences;
#[cfg(test)]
pub(crate) mod tests;
pub mod worker;

pub use command::{CommandConfig, ParameterConfig, ParameterType};
pub use context::{ArtifactWriter, JobContext};
pub use demo::Demo;
pub use erased::{ErasedWorker, PerformFuture};
pub use file_arg::{FileArg, OpenedFile};
pub use http::HttpConfig;
pub use job_builder::{IntoNewJob, JobBuilder};
pub use job_error::JobError;
pub use registry::{KindRegistry, KindRegistryBuilder, RegistryError};
pub use report::{Report, ReportArgs};
pub use retry::RetryPolicy;
pub use worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};
