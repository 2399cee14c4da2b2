//! A worker without its types, as the registry and the executor hold it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::kind::KindInfo;

use super::context::JobContext;
use super::job_error::JobError;
use super::worker::{JobResult, Label, QueueDefaults, UploadArg, Worker};

/// The work of one attempt.
pub type PerformFuture = Pin<Box<dyn Future<Output = JobResult> + Send>>;

/// A [`Worker`] of any kind.
pub trait ErasedWorker: Send + Sync {
    /// What clients are told of the kind.
    fn info(&self) -> &KindInfo;

    fn queue(&self) -> QueueDefaults;

    /// As [`Worker::stop_time`].
    fn stop_time(&self) -> Duration;

    /// Does the work, as [`Worker::perform`] says. `args` is the JSON that was stored with the job.
    fn perform(self: Arc<Self>, args: &str, ctx: JobContext) -> PerformFuture;

    /// Reads arguments and asks the worker about them.
    ///
    /// # Errors
    /// They are not this kind's arguments at all; the text says why.
    fn read(&self, args: Value) -> Result<ReadArgs, String>;
}

/// Arguments as their worker understood them.
pub struct ReadArgs {
    /// JSON to be stored, defaults filled in.
    pub json: String,
    pub label: Label,
    pub uploads: Vec<UploadArg>,
    /// As [`Worker::queues`].
    pub queues: Vec<String>,
    /// What [`Worker::check`] found wrong; empty when all is well.
    pub complaints: Vec<FieldError>,
}

pub(super) struct Typed<W> {
    pub worker: Arc<W>,
    pub info: KindInfo,
}

impl<W: Worker> ErasedWorker for Typed<W> {
    fn info(&self) -> &KindInfo {
        &self.info
    }

    fn queue(&self) -> QueueDefaults {
        self.worker.queue()
    }

    fn stop_time(&self) -> Duration {
        self.worker.stop_time()
    }

    fn perform(self: Arc<Self>, args: &str, ctx: JobContext) -> PerformFuture {
        let args = serde_json::from_str::<W::Args>(args);
        let worker = Arc::clone(&self.worker);
        Box::pin(async move {
            // Only a job stored by another version of its kind comes to this.
            let args = args.map_err(|error| {
                JobError::new(format!("its arguments do not fit this version of \"{}\": {error}", W::KIND))
            })?;
            worker.perform(args, ctx).await
        })
    }

    fn read(&self, args: Value) -> Result<ReadArgs, String> {
        let args: W::Args = serde_json::from_value(args).map_err(|error| error.to_string())?;
        Ok(ReadArgs {
            json: serde_json::to_string(&args).map_err(|error| error.to_string())?,
            label: self.worker.label(&args),
            uploads: self.worker.uploads(&args),
            queues: self.worker.queues(&args),
            complaints: self.worker.check(&args).err().unwrap_or_default(),
        })
    }
}
