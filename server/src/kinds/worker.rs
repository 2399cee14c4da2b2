//! What a kind of job is made of.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use taskyard_shared::error::FieldError;

use super::context::JobContext;
use super::job_builder::JobBuilder;
use super::job_error::JobError;
use super::retry::RetryPolicy;

/// A kind of job. One value serves all jobs of the kind, at the same time.
pub trait Worker: Send + Sync + 'static {
    /// The name in `NewJob::kind`: see [`taskyard_shared::limits::is_identifier`].
    const KIND: &'static str;
    /// A sentence for people.
    const DESCRIPTION: &'static str;

    /// The arguments. Their JSON Schema is what callers are checked against, and what the board makes its
    /// form from; unknown fields are refused (`#[serde(deny_unknown_fields)]`).
    type Args: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// Where its jobs wait unless they name another queue.
    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 1 }
    }

    /// The JSON Schema of the arguments. A kind whose arguments depend on how it was set up says more than their type
    /// does, of which `schema` is made; it must not allow what the type refuses.
    fn narrow_schema(&self, schema: Value) -> Value {
        schema
    }

    /// How often and how long a job is tried, unless the job or its queue says otherwise. Without it twelve times, for
    /// a good hour in all: see [`RetryPolicy::default`].
    fn retry(&self) -> RetryPolicy {
        RetryPolicy::default()
    }

    /// For how long a result of this kind is as good as new: a job with the same arguments as one that completed within
    /// this time does not do its work, but takes that one's result and artifacts, unless it says otherwise itself
    /// ([`JobBuilder::cache_for`]). Only for work that comes to the same and changes nothing outside. None, or 0: each
    /// job does its own work. At most ten years.
    fn cache_for(&self) -> Option<Duration> {
        None
    }

    /// A job of this kind, to be added with [`crate::Yard::add`], [`JobContext::add`] or in a transaction of the
    /// program's own ([`crate::transactional`]).
    fn job(args: Self::Args) -> JobBuilder
    where
        Self: Sized,
    {
        JobBuilder::new(Self::KIND, &args)
    }

    /// What a person recognises a job by.
    fn label(&self, args: &Self::Args) -> Label;

    /// Checks what a schema cannot say. Called before anything is stored; must not block. Also asked about
    /// arguments that the schema refused, so that a person hears of everything at once.
    ///
    /// # Errors
    /// Each wrong field, with a sentence.
    fn check(&self, args: &Self::Args) -> Result<(), Vec<FieldError>> {
        let _ = args;
        Ok(())
    }

    /// The uploads that the arguments name; each must exist when the job is added.
    fn uploads(&self, args: &Self::Args) -> Vec<UploadArg> {
        let _ = args;
        Vec::new()
    }

    /// The queues in which jobs with these arguments may wait, the first of them unless a job names another. Empty: all,
    /// and the kind's own unless a job names another.
    fn queues(&self, args: &Self::Args) -> Vec<String> {
        let _ = args;
        Vec::new()
    }

    /// How long its work may need to end once it is told to. A server that stops waits so much longer.
    fn stop_time(&self) -> Duration {
        Duration::ZERO
    }

    /// Does the work. May run at the same time for many jobs, and more than once for the same job: after a
    /// failure, and after a crash of the process, it is run again.
    ///
    /// When the job is cancelled or takes too long this future is dropped at its next await, so what must be undone
    /// belongs in a `Drop`. Work that blocks or computes for more than a moment goes through
    /// [`JobContext::blocking`]. A panic is a failed attempt.
    ///
    /// # Errors
    /// Why the attempt failed, as a sentence for people, and what is to come of it: see [`JobError`].
    fn perform(&self, args: Self::Args, ctx: JobContext) -> impl Future<Output = JobResult> + Send;
}

/// The queue a kind uses unless a job names another, and how it is made when it does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueDefaults {
    pub name: &'static str,
    pub concurrency: u32,
}

/// An upload that a job's arguments name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadArg {
    /// JSON Pointer to the argument: `/source`.
    pub field: Cow<'static, str>,
    /// SHA-256 of its content in lower-case hexadecimal.
    pub sha256: String,
    /// What the job calls it, a plain file name; empty where the arguments do not say.
    pub name: String,
}

/// How a job is shown in lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// See [`taskyard_shared::job::JobSummary::name`]; what is longer than
    /// [`taskyard_shared::limits::MAX_NAME_CHARS`] is cut.
    pub name: String,
    pub detail: String,
}

/// What a worker's job comes to: a JSON result, kept with the job.
pub type JobResult = Result<Value, JobError>;
