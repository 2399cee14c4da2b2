//! One job: checked in everything but the files that it names.

use std::sync::Arc;

use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::job::JobOptions;
use taskyard_shared::limits::{MAX_ARGS_BYTES, MAX_DEPENDENCIES};
use taskyard_shared::new_job::{After, NewJob};

use super::after::{Afters, Numbers};
use super::arguments::{self, one_line};
use super::settings::Settings;
use super::unique::unique_insert;
use super::uploads;
use super::wrong::{invalid, quoted, setting};
use crate::files::FileStore;
use crate::kinds::json_size::Budget;
use crate::kinds::registry::{Kind, KindRegistry};
use crate::kinds::worker::UploadArg;
use crate::store::{AfterInsert, JobInsert};

/// A job but for the files that it names.
pub(super) struct Draft {
    pub insert: JobInsert,
    pub uploads: Vec<UploadArg>,
}

impl KindRegistry {
    /// Checks a job completely; `now_ms` is what its times are counted from. Touches the disk, on a thread that may
    /// block, only when the arguments name uploads; otherwise it never waits.
    ///
    /// # Errors
    /// Unknown kind, too large, or everything that is wrong at once; nothing was stored.
    pub async fn prepare(
        &self,
        job: NewJob,
        files: &Arc<FileStore>,
        now_ms: i64,
    ) -> Result<JobInsert, WireError> {
        let draft = self.draft_alone(job, now_ms)?;
        if draft.uploads.is_empty() {
            return Ok(draft.insert);
        }
        let files = Arc::clone(files);
        off_thread(move || draft.with_files(&files)).await
    }

    /// As [`KindRegistry::prepare`], for threads that may block.
    ///
    /// # Errors
    /// The same.
    pub fn prepare_blocking(
        &self,
        job: NewJob,
        files: &FileStore,
        now_ms: i64,
    ) -> Result<JobInsert, WireError> {
        self.draft_alone(job, now_ms)?.with_files(files)
    }

    fn draft_alone(&self, job: NewJob, now_ms: i64) -> Result<Draft, WireError> {
        let mut wrong = Vec::new();
        let after = stored_only(&job.after, &mut wrong);
        self.draft(job, after, |_| None, now_ms, wrong)
    }

    /// `place_of` knows the other jobs of the same call; `wrong` is what is known to be wrong with this one.
    pub(super) fn draft(
        &self,
        job: NewJob,
        after: Afters,
        place_of: impl Fn(&str) -> Option<AfterInsert>,
        now_ms: i64,
        mut wrong: Vec<FieldError>,
    ) -> Result<Draft, WireError> {
        let kind = self.kind(&job.kind)?;
        if !Budget(MAX_ARGS_BYTES).takes(&job.args) {
            let message = format!("the arguments take more than {} KiB of JSON", MAX_ARGS_BYTES / 1024);
            return Err(WireError::new(ErrorCode::TooLarge, message));
        }
        if after.len() > MAX_DEPENDENCIES {
            wrong.push(setting("after", format!("must name at most {MAX_DEPENDENCIES} jobs")));
        }
        let settings = Settings::read(&job, kind, now_ms, &mut wrong);
        let resolve = |source| after.resolve(source, &place_of);
        let args = arguments::read(kind, job.args, resolve, &mut wrong);
        let unique = job
            .unique
            .and_then(|unique| unique_insert(&job.kind, unique, args.as_ref(), after.len(), &mut wrong));
        let queue = match &args {
            Some(args) => settings.queue_among(&args.queues, &mut wrong),
            None => settings.queue,
        };
        let Some(args) = args.filter(|_| wrong.is_empty()) else { return Err(invalid(wrong)) };
        let options = JobOptions {
            timeout_ms: settings.timeout_ms,
            cache_for_ms: settings.cache_for_ms,
            expires_at_ms: settings.expires_at_ms,
            backoff: settings.backoff,
            on_failure: job.on_failure,
            unique_key: unique.as_ref().map(|unique| unique.key.clone()),
        };
        let insert = JobInsert {
            kind: Arc::clone(&kind.name),
            queue,
            name: one_line(&args.label.name),
            detail: one_line(&args.label.detail),
            args: args.json,
            inputs: Vec::new(),
            priority: settings.priority,
            run_at_ms: settings.run_at_ms,
            max_attempts: settings.max_attempts,
            options,
            kind_says: settings.kind_says,
            unique,
            after: after.into_sorted(),
            takes_results: args.takes_results,
            number: 1,
        };
        Ok(Draft { insert, uploads: args.uploads })
    }

    fn kind(&self, name: &str) -> Result<&Kind, WireError> {
        self.kinds.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.kinds.keys().copied().collect();
            let message = format!("there is no kind {}; there are {}", quoted(name), known.join(", "));
            WireError::new(ErrorCode::UnknownKind, message)
        })
    }
}

impl Draft {
    /// Blocks on the disk where the job names uploads.
    pub fn with_files(self, files: &FileStore) -> Result<JobInsert, WireError> {
        let Draft { mut insert, uploads } = self;
        if !uploads.is_empty() {
            insert.inputs = uploads::find(uploads, files)?;
        }
        Ok(insert)
    }
}

/// The jobs that one comes after which is added alone.
fn stored_only(after: &[After], wrong: &mut Vec<FieldError>) -> Afters {
    let mut named = Vec::new();
    for after in after {
        match after {
            After::Job(id) => named.push(AfterInsert::Stored(*id)),
            After::Ref(name) => wrong.push(unknown_name(name)),
        }
    }
    Afters::new(named, Numbers::InOrder)
}

pub(super) fn unknown_name(name: &str) -> FieldError {
    setting("after", format!("names {}, but no job of this call is called that", quoted(name)))
}

/// Runs what may block where that holds nobody up.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|failed| Err(WireError::new(ErrorCode::Internal, failed.to_string())))
}
