//! What running work can ask and tell.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use taskyard_shared::job::{FileRef, JobId, Progress};
use taskyard_shared::log::LogLevel;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::file_arg::{FileArg, OpenedFile};
use super::job_error::JobError;
use crate::files::FileStore;
use crate::store::StoreReader;

/// Takes what the work of one attempt tells while it runs. Must not block.
pub(crate) trait Listener: Send + Sync {
    fn progress(&self, progress: Progress);

    fn log(&self, level: LogLevel, text: &str);
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
    /// Weak, so that work which ends late does not keep the data folder of a server that has stopped.
    reader: Weak<dyn StoreReader>,
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
        reader: Weak<dyn StoreReader>,
    ) -> (Self, ContextEnds) {
        let (still_working, all_ended) = mpsc::channel(1);
        let artifacts = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&artifacts);
        let inner = Inner { id, attempt, cancel, listener, files, reader, artifacts: kept, still_working };
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
        file.open(&self.inner.files, self.inner.reader.upgrade().as_deref())
    }

    /// Keeps `content` as an artifact of this job. A second one of the same name replaces the first.
    /// Blocks on the disk: call it inside [`JobContext::blocking`].
    ///
    /// # Errors
    /// The disk refused, or the name is not a plain file name.
    pub fn keep_artifact(&self, name: &str, media_type: &str, content: &[u8]) -> Result<FileRef, JobError> {
        let file = self.inner.files.put(name, media_type, content)?;
        let mut artifacts = self.inner.artifacts.lock().unwrap_or_else(PoisonError::into_inner);
        artifacts.retain(|kept| kept.name != file.name);
        artifacts.push(file.clone());
        Ok(file)
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
        match task.await {
            Ok(outcome) => outcome,
            Err(failed) => Err(match failed.try_into_panic() {
                Ok(panic) => JobError::panicked(&*panic),
                Err(_) => JobError::new("the server stopped before the work began"),
            }),
        }
    }
}
