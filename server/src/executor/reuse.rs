//! Results that are used again. A job that allows it takes the result of an earlier one of its kind with the same
//! arguments; of those that run at the same time one does the work, and the others wait for it, each in its slot and
//! within its time. When that one fails, which is its own affair, the next one does the work.
//!
//! What an attempt returned is kept as soon as it has returned, and only if nothing of its work goes on.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskyard_shared::job::{FileRef, JobId};
use taskyard_shared::limits::MAX_RESULT_BYTES;

use super::Executor;
use super::attempt::in_words;
use crate::clock::Clock;
use crate::kinds::fingerprint::fingerprint;
use crate::kinds::json_size::Budget;
use crate::kinds::{ErasedWorker, JobContext, JobError, JobResult};
use crate::services::cache::{Cache, Cached, ComputeError, Source, Terms, Wanted};
use crate::store::ClaimedJob;

/// How much of the arguments' SHA-256 is in a key, in hexadecimal digits: 128 bits.
const KEY_DIGITS: usize = 32;

/// What the work came to.
#[derive(Debug)]
pub(super) struct Done {
    pub result: Value,
    /// The earlier job that did the work.
    pub reused: Option<JobId>,
}

impl From<Value> for Done {
    fn from(result: Value) -> Self {
        Done { result, reused: None }
    }
}

/// What is cached of a job that completed. The files' content is in the file store, and may be gone from there.
#[derive(Serialize, Deserialize)]
struct Kept {
    result: Value,
    artifacts: Vec<FileRef>,
}

impl Kept {
    /// # Errors
    /// It is not to be kept, for the work failed, goes on, or returned more than a job may.
    fn of(ended: JobResult, ctx: &JobContext) -> Result<Kept, JobResult> {
        match ended {
            Ok(result) if ctx.is_the_last() && Budget(MAX_RESULT_BYTES).takes(&result) => {
                Ok(Kept { result, artifacts: ctx.artifacts() })
            }
            ended => Err(ended),
        }
    }
}

/// A job whose result may be that of an earlier one, and may be that of later ones.
pub(super) struct Reuse {
    cache: Cache,
    clock: Clock,
    key: String,
    /// How old the result may be.
    time: Duration,
}

impl Reuse {
    /// None: the job does its own work. `args`: those that the attempt begins with, results of other jobs put in.
    pub fn of(executor: &Executor, claimed: &ClaimedJob, args: &str) -> Option<Reuse> {
        let time = Duration::from_millis(claimed.options.cache_for_ms?);
        let cache = executor.services.get()?.cache.clone();
        let digits = fingerprint(args);
        let digits = digits.get(..KEY_DIGITS).unwrap_or(&digits);
        let key = format!("job:{}:{digits}", claimed.job.kind);
        Some(Reuse { cache, clock: executor.clock.clone(), key, time })
    }

    /// Takes an earlier result, or does the work.
    pub async fn perform(
        self,
        worker: Arc<dyn ErasedWorker>,
        args: &str,
        ctx: JobContext,
    ) -> Result<Done, JobError> {
        let mut wanted = Wanted { younger_than: Some(self.time), not_of: None };
        loop {
            let terms = Terms { ttl: self.time, of_job: Some(ctx.id()), wanted };
            let work = async || {
                let ended = Arc::clone(&worker).perform(args, ctx.clone()).await;
                Kept::of(ended, &ctx)
            };
            let (kept, cached) = match self.cache.compute_for(&*self.key, terms, work).await {
                Ok((kept, Source::Computed)) => return Ok(kept.result.into()),
                Ok((kept, Source::Cached(cached))) => (kept, cached),
                Err(ComputeError::Failed(ended)) => return ended.map(Done::from),
                // The work has not begun: whatever it came to would have been one of those above.
                Err(ComputeError::Service(error)) => {
                    tracing::warn!(job = %ctx.id(), %error, "a job works without the cache");
                    return worker.perform(args, ctx).await.map(Done::from);
                }
            };
            if attach(kept.artifacts, &ctx).await {
                ctx.info(self.what_was_taken(&cached));
                return Ok(Done { result: kept.result, reused: cached.job });
            }
            wanted.not_of = cached.job;
        }
    }

    fn what_was_taken(&self, cached: &Cached) -> String {
        let whose = cached.job.map_or_else(|| "an earlier job".to_owned(), |id| format!("job {id}"));
        let age_ms = u64::try_from(self.clock.now_ms().saturating_sub(cached.put_at_ms)).unwrap_or(0);
        format!("took the result of {whose}, {}", when_it_ended(age_ms))
    }
}

/// Makes the files this job's too, unless one of them is gone by now. The sweep then leaves them alone for long enough
/// to store that.
async fn attach(files: Vec<FileRef>, ctx: &JobContext) -> bool {
    if files.is_empty() {
        return true;
    }
    let attached = ctx.blocking(move |ctx| {
        for file in &files {
            if !ctx.files().refresh(&file.sha256)? {
                return Ok(false);
            }
        }
        files.iter().for_each(|file| ctx.keep(file));
        Ok(true)
    });
    attached.await.unwrap_or_else(|error| {
        tracing::warn!(job = %ctx.id(), error = %error.message, "files of an earlier job cannot be used");
        false
    })
}

/// `which ended 40 s ago`: in whole seconds for two minutes, in whole minutes for two hours.
fn when_it_ended(age_ms: u64) -> String {
    let unit_ms = match age_ms {
        0..1_000 => return "which has just ended".to_owned(),
        1_000..120_000 => 1_000,
        120_000..7_200_000 => 60_000,
        _ => 3_600_000,
    };
    format!("which ended {} ago", in_words(Duration::from_millis(age_ms - age_ms % unit_ms)))
}
