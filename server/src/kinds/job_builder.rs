//! Jobs added from code, with their arguments typed.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::JobId;
use taskyard_shared::new_job::{After, Backoff, NewJob, OnConflict, OnFailure, Unique};

/// What can be added as a job: a [`NewJob`], or what [`super::Worker::job`] makes.
pub trait IntoNewJob {
    /// # Errors
    /// It cannot be written down as one; the message says why.
    fn into_new_job(self) -> Result<NewJob, WireError>;
}

impl IntoNewJob for NewJob {
    fn into_new_job(self) -> Result<NewJob, WireError> {
        Ok(self)
    }
}

/// A job of a kind with typed arguments, and how it is to be run. What is not said is the queue's or the kind's.
/// Everything is checked, all at once, when it is added.
///
/// ```
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// # use taskyard::Yard;
/// # use taskyard::kinds::{JobContext, JobResult, Label, Worker};
/// use std::time::Duration;
/// # struct Greet;
/// # #[derive(Serialize, Deserialize, JsonSchema)]
/// # struct GreetArgs { whom: String }
/// # impl Worker for Greet {
/// #     const KIND: &'static str = "greet";
/// #     const DESCRIPTION: &'static str = "Says hello.";
/// #     type Args = GreetArgs;
/// #     fn label(&self, args: &GreetArgs) -> Label {
/// #         Label { name: args.whom.clone(), detail: String::new() }
/// #     }
/// #     async fn perform(&self, _: GreetArgs, _: JobContext) -> JobResult { Ok(().into()) }
/// # }
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let yard = Yard::builder().worker(Greet).start().await?;
/// let greeting = Greet::job(GreetArgs { whom: "you".to_owned() });
/// let id = yard.add(greeting.priority(10).delay(Duration::from_secs(60)).unique_by("you")).await?;
/// # assert_eq!(yard.job(id).await?.job.priority, 10);
/// # yard.stop(Duration::from_secs(5)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is not added yet"]
pub struct JobBuilder {
    job: Result<NewJob, WireError>,
}

impl JobBuilder {
    pub(super) fn new(kind: &str, args: &impl Serialize) -> Self {
        let job = serde_json::to_value(args).map(|args| NewJob::new(kind, args)).map_err(|error| {
            let message = format!("the arguments of \"{kind}\" cannot be written as JSON: {error}");
            WireError::new(ErrorCode::InvalidArguments, message)
        });
        JobBuilder { job }
    }

    /// The queue to wait in.
    pub fn queue(self, queue: impl Into<String>) -> Self {
        self.set(|job| job.queue = Some(queue.into()))
    }

    /// Higher runs first: -100 to 100.
    pub fn priority(self, priority: i16) -> Self {
        self.set(|job| job.priority = priority)
    }

    /// Not before so much time has passed: up to ten years. Not together with [`JobBuilder::run_at`].
    pub fn delay(self, delay: Duration) -> Self {
        self.set(|job| job.delay_ms = Some(millis(delay)))
    }

    /// Not before this instant.
    pub fn run_at(self, at: SystemTime) -> Self {
        self.set_time(at, |job, at| job.run_at = Some(at))
    }

    /// Not started after this instant: then it is cancelled.
    pub fn expires_at(self, at: SystemTime) -> Self {
        self.set_time(at, |job, at| job.expires_at = Some(at))
    }

    /// How often it may be tried: at least once.
    pub fn max_attempts(self, attempts: u32) -> Self {
        self.set(|job| job.max_attempts = Some(attempts))
    }

    /// How long it waits between attempts.
    pub fn backoff(self, backoff: Backoff) -> Self {
        self.set(|job| job.backoff = Some(backoff))
    }

    /// How long an attempt may take.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|job| job.timeout_ms = Some(millis(timeout)))
    }

    /// The result of an earlier job with the same arguments will do, if that one ended no longer ago than this; 0: not
    /// even if the kind allows it ([`super::Worker::cache_for`]).
    pub fn cache_for(self, time: Duration) -> Self {
        self.set(|job| job.cache_for_ms = Some(millis(time)))
    }

    /// Only one job of the kind with this key while that has not ended: a second one is not stored, and its caller
    /// gets the first one's id. [`JobBuilder::unique`] can say more.
    pub fn unique_by(self, key: impl Into<String>) -> Self {
        let key = Some(key.into());
        self.unique(Unique { key, period_ms: None, states: None, on_conflict: OnConflict::Existing })
    }

    /// Only one job at a time, or within a time: see [`Unique`].
    pub fn unique(self, unique: Unique) -> Self {
        self.set(|job| job.unique = Some(unique))
    }

    /// Runs when that job has ended; may be said of several.
    pub fn after(self, id: JobId) -> Self {
        self.set(|job| job.after.push(After::Job(id)))
    }

    /// What becomes of it when a job that it comes after does not complete.
    pub fn on_failure(self, rule: OnFailure) -> Self {
        self.set(|job| job.on_failure = rule)
    }

    fn set(mut self, set: impl FnOnce(&mut NewJob)) -> Self {
        if let Ok(job) = &mut self.job {
            set(job);
        }
        self
    }

    fn set_time(mut self, at: SystemTime, set: impl FnOnce(&mut NewJob, String)) -> Self {
        match jiff::Timestamp::try_from(at) {
            Ok(at) => self.set(|job| set(job, at.to_string())),
            Err(error) => {
                self.job = self.job.and(Err(WireError::new(ErrorCode::InvalidArguments, error.to_string())));
                self
            }
        }
    }
}

impl IntoNewJob for JobBuilder {
    fn into_new_job(self) -> Result<NewJob, WireError> {
        self.job
    }
}

/// What is longer than a number can say is refused like anything that is too long.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
