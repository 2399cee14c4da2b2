//! What running work can ask and tell.

use std::io::{ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::future::BoxFuture;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{FileRef, JobId, Progress};
use taskyard_shared::log::LogLevel;
use taskyard_shared::new_job::NewJob;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::file_arg::{FileArg, OpenedFile};
use super::job_builder::IntoNewJob;
use super::job_error::JobError;
use crate::files::{FileError, FileStore, IncomingFile};
use crate::services::Services;
use crate::store::{IdempotencyKey, StoreReader};

/// How much of an artifact that comes as a stream is in memory.
const CHUNK_BYTES: usize = 256 * 1024;
/// Longest key of [`JobContext::add_once`], in bytes.
pub const MAX_ONCE_KEY_BYTES: usize = 64;

/// Takes what the work of one attempt tells while it runs. Must not block.
pub(crate) trait Listener: Send + Sync {
    fn progress(&self, progress: Progress);

    fn log(&self, level: LogLevel, text: &str);
}

/// Adds jobs for the work of an attempt.
pub(crate) trait Adder: Send + Sync {
    fn add(&self, job: NewJob, idempotency: Option<IdempotencyKey>) -> BoxFuture<'static, Added>;
}

type Added = Result<JobId, WireError>;

/// What the yard has for the work of its jobs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub adder: Arc<dyn Adder>,
    /// None only outside a yard.
    pub services: Option<Services>,
    /// Weak, so that work which ends late does not keep the data folder of a server that has stopped. None only
    /// outside a yard.
    pub reader: Option<Weak<dyn StoreReader>>,
}

impl Surroundings {
    /// Where artifacts of other jobs are looked up.
    fn reader(&self) -> Result<Arc<dyn StoreReader>, JobError> {
        let Some(reader) = &self.reader else {
            let message = "outside a yard there are no artifacts of other jobs";
            return Err(JobError::new(message).do_not_retry());
        };
        reader.upgrade().ok_or_else(|| JobError::new("the server has stopped"))
    }
}

/// The job that a worker is performing. Cheap to clone.
#[derive(Clone)]
pub struct JobContext {
    inner: Arc<Inner>,
}

struct Inner {
    id: JobId,
    attempt: u32,
    cancel: CancellationToken,
    listener: Arc<dyn Listener>,
    files: Arc<FileStore>,
    yard: Surroundings,
    artifacts: Arc<Mutex<Vec<FileRef>>>,
    /// Held by blocking work: the attempt has ended only when every clone of it is gone.
    still_working: mpsc::Sender<()>,
}

/// What the executor keeps of a context it gave away.
pub(crate) struct ContextEnds {
    pub artifacts: Arc<Mutex<Vec<FileRef>>>,
    /// Yields None once no blocking work of the attempt is left.
    pub all_ended: mpsc::Receiver<()>,
}

impl JobContext {
    pub(crate) fn new(
        id: JobId,
        attempt: u32,
        cancel: CancellationToken,
        listener: Arc<dyn Listener>,
        files: Arc<FileStore>,
        yard: Surroundings,
    ) -> (Self, ContextEnds) {
        let (still_working, all_ended) = mpsc::channel(1);
        let artifacts = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&artifacts);
        let inner = Inner { id, attempt, cancel, listener, files, yard, artifacts: kept, still_working };
        (JobContext { inner: Arc::new(inner) }, ContextEnds { artifacts, all_ended })
    }

    pub fn id(&self) -> JobId {
        self.inner.id
    }

    /// Counts up from 1.
    pub fn attempt(&self) -> u32 {
        self.inner.attempt
    }

    /// Says how far the work is: 0.0 to 1.0. As cheap as it is often: reports are coalesced.
    pub fn progress(&self, fraction: f64) {
        self.inner.listener.progress(Progress::from_fraction(fraction));
    }

    /// Writes into the job's log, which is kept with the job and shown on its page while it runs. Line breaks make
    /// several lines. A line is cut after [`taskyard_shared::limits::MAX_LOG_LINE_CHARS`] characters, and an attempt
    /// keeps its first [`taskyard_shared::limits::MAX_LOG_LINES`] lines; where some were left out, the last line says
    /// how many.
    pub fn log(&self, level: LogLevel, text: impl AsRef<str>) {
        self.inner.listener.log(level, text.as_ref());
    }

    /// [`JobContext::log`]: what goes as it should.
    pub fn info(&self, text: impl AsRef<str>) {
        self.log(LogLevel::Info, text);
    }

    /// [`JobContext::log`]: what somebody should look at.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.log(LogLevel::Warn, text);
    }

    /// [`JobContext::log`]: what went wrong.
    pub fn error(&self, text: impl AsRef<str>) {
        self.log(LogLevel::Error, text);
    }

    /// Whether the job was cancelled, takes too long, or the server stops. Blocking work asks this between its steps.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancel.is_cancelled()
    }

    /// Returns when the job was cancelled, takes too long, or the server stops.
    pub async fn cancelled(&self) {
        self.inner.cancel.cancelled().await;
    }

    /// Files of this server: uploads and artifacts.
    pub fn files(&self) -> &Arc<FileStore> {
        &self.inner.files
    }

    /// Opens a file that the arguments name. Blocks on the disk and on the store: call it inside
    /// [`JobContext::blocking`].
    ///
    /// # Errors
    /// The file is not there, in words for people: for good, unless the job that is to make it has not ended.
    pub fn open_file(&self, file: &FileArg) -> Result<OpenedFile, JobError> {
        file.open(&self.inner.files, self.inner.yard.reader())
    }

    /// The yard's services: rate limiter, cache and pools of connections.
    ///
    /// # Panics
    /// The job does not run in a yard.
    pub fn services(&self) -> &Services {
        self.inner.yard.services.as_ref().expect("a yard provides its services before its jobs start")
    }

    /// When the job was added, in milliseconds since the Unix epoch; 0 outside a yard. Blocks on the store.
    pub(super) fn added_ms(&self) -> Result<i64, JobError> {
        let job = self.inner.yard.reader()?.job(self.inner.id)?;
        Ok(job.map_or(0, |job| job.job.created_at_ms))
    }

    /// Keeps `content` as an artifact of this job. A second one of the same name replaces the first.
    /// Blocks on the disk: call it inside [`JobContext::blocking`].
    ///
    /// # Errors
    /// The disk refused, or the name is not a plain file name.
    pub fn keep_artifact(&self, name: &str, media_type: &str, content: &[u8]) -> Result<FileRef, JobError> {
        let file = self.inner.files.put(name, media_type, content)?;
        self.keep(&file);
        Ok(file)
    }

    /// Keeps what `content` yields as an artifact of this job, without having all of it in memory; what it is, is found
    /// from its beginning. A second one of the same name replaces the first. Blocks on the disk: call it inside
    /// [`JobContext::blocking`].
    ///
    /// # Errors
    /// More than `max_bytes`; the source or the disk refused, or the name is not a plain file name.
    pub fn keep_artifact_from(
        &self,
        name: &str,
        mut content: impl Read,
        max_bytes: u64,
    ) -> Result<FileRef, JobError> {
        let mut incoming = self.inner.files.begin(max_bytes)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match content.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => incoming.write(&chunk[..read])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let file = incoming.finish(&self.inner.files, name, None)?;
        self.keep(&file);
        Ok(file)
    }

    /// Begins an artifact that is written piece by piece, without having all of it in memory. Dropped before
    /// [`ArtifactWriter::keep`] it leaves nothing behind. Blocks on the disk: call it inside [`JobContext::blocking`].
    ///
    /// # Errors
    /// The disk refused.
    pub fn write_artifact(&self, max_bytes: u64) -> Result<ArtifactWriter, JobError> {
        let incoming = self.inner.files.begin(max_bytes)?;
        Ok(ArtifactWriter { incoming, ctx: self.clone() })
    }

    /// What it has kept so far.
    pub(crate) fn artifacts(&self) -> Vec<FileRef> {
        self.inner.artifacts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nobody else holds a context of this attempt: nothing that its work began goes on.
    pub(crate) fn is_the_last(&self) -> bool {
        Arc::strong_count(&self.inner) == 1
    }

    pub(crate) fn keep(&self, file: &FileRef) {
        let mut artifacts = self.inner.artifacts.lock().unwrap_or_else(PoisonError::into_inner);
        artifacts.retain(|kept| kept.name != file.name);
        artifacts.push(file.clone());
    }

    /// Adds another job, and answers its id when that is on the disk. It is added whatever becomes of this job, and
    /// added again when this job is tried again: [`JobContext::add_once`] does not. It can be added even while the
    /// server stops.
    ///
    /// # Errors
    /// As [`crate::Yard::add`]; with `?` it fails this attempt.
    pub async fn add(&self, job: impl IntoNewJob) -> Result<JobId, WireError> {
        self.inner.yard.adder.add(job.into_new_job()?, None).await
    }

    /// As [`JobContext::add`], but only once for each `key` of this job: a later attempt, also one after a crash or a
    /// retry by a person, gets the id of the job that an earlier one added, whatever its arguments are now. Kept for
    /// 24 hours after it was added ([`taskyard_shared::limits::IDEMPOTENCY_MS`]), and then forgotten; `key` has up to 64 bytes.
    ///
    /// ```
    /// # use taskyard::kinds::{JobContext, JobResult};
    /// # use taskyard::shared::new_job::NewJob;
    /// # use serde_json::json;
    /// # async fn perform(pages: Vec<String>, ctx: JobContext) -> JobResult {
    /// for (number, page) in pages.iter().enumerate() {
    ///     let fetch = NewJob::new("http", json!({ "url": page }));
    ///     ctx.add_once(&format!("page {number}"), fetch).await?;
    /// }
    /// # Ok(().into())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`JobContext::add`]; the key is too long.
    pub async fn add_once(&self, key: &str, job: impl IntoNewJob) -> Result<JobId, WireError> {
        if key.len() > MAX_ONCE_KEY_BYTES {
            let message = format!("the key has {} bytes; it may have {MAX_ONCE_KEY_BYTES}", key.len());
            return Err(WireError::new(ErrorCode::InvalidArguments, message));
        }
        // No client can send this key: it has a character that a header must not have. What the first attempt added
        // stays, so every request with the key counts as the same one.
        let key =
            IdempotencyKey { key: format!("\u{1}{}\u{1}{key}", self.inner.id), fingerprint: String::new() };
        self.inner.yard.adder.add(job.into_new_job()?, Some(key)).await
    }

    /// Runs work that blocks or computes on a thread made for that. The job's slot stays taken until the
    /// closure has returned, even when the job was cancelled meanwhile.
    ///
    /// # Errors
    /// The closure's own error; a panic in it is an error too.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T, JobError>
    where
        T: Send + 'static,
        F: FnOnce(&JobContext) -> Result<T, JobError> + Send + 'static,
    {
        let ctx = self.clone();
        let running = self.inner.still_working.clone();
        let task = tokio::task::spawn_blocking(move || {
            let outcome = work(&ctx);
            drop(ctx);
            drop(running);
            outcome
        });
        joined(task.await)
    }

    /// Runs async work that is not dropped when the job is cancelled or takes too long: it is told
    /// ([`JobContext::cancelled`]), and must come to its end then. The job's slot stays taken until it has. It is dropped
    /// only when the whole process ends before.
    ///
    /// # Errors
    /// The work's own error; a panic in it is an error too.
    pub async fn to_its_end<T, F, W>(&self, work: F) -> Result<T, JobError>
    where
        T: Send + 'static,
        F: FnOnce(JobContext) -> W,
        W: Future<Output = Result<T, JobError>> + Send + 'static,
    {
        let running = self.inner.still_working.clone();
        let work = work(self.clone());
        let task = tokio::spawn(async move {
            let outcome = work.await;
            drop(running);
            outcome
        });
        joined(task.await)
    }
}

/// An artifact on its way to the disk. Writing to it fails once the job is cancelled.
pub struct ArtifactWriter {
    incoming: IncomingFile,
    ctx: JobContext,
}

impl ArtifactWriter {
    /// Keeps what was written as an artifact of the job. A second one of the same name replaces the first.
    ///
    /// # Errors
    /// The disk refused, the files' quota is reached, or the name is not a plain file name.
    pub fn keep(self, name: &str, media_type: &str) -> Result<FileRef, JobError> {
        let file = self.incoming.finish(&self.ctx.inner.files, name, Some(media_type))?;
        self.ctx.keep(&file);
        Ok(file)
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, chunk: &[u8]) -> std::io::Result<usize> {
        if self.ctx.is_cancelled() {
            return Err(std::io::Error::other("the job was cancelled"));
        }
        self.incoming.write(chunk).map_err(|error| match error {
            FileError::Io(error) => error,
            other => std::io::Error::other(other),
        })?;
        Ok(chunk.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn joined<T>(ended: Result<Result<T, JobError>, JoinError>) -> Result<T, JobError> {
    match ended {
        Ok(outcome) => outcome,
        Err(failed) => Err(match failed.try_into_panic() {
            Ok(panic) => JobError::panicked(&*panic),
            Err(_) => JobError::new("the server stopped before the work began"),
        }),
    }
}
