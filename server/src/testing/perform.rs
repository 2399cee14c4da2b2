//! One worker by itself, without a queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use taskyard_shared::error::WireError;
use taskyard_shared::job::{FileRef, JobId, Progress};
use taskyard_shared::log::LogLevel;
use taskyard_shared::new_job::NewJob;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::files::FileStore;
use crate::kinds::context::{Adder, Listener, Surroundings};
use crate::kinds::{JobContext, JobResult, KindRegistry, Worker};
use crate::store::IdempotencyKey;

/// What an attempt came to.
#[derive(Debug)]
pub struct Performed {
    pub result: JobResult,
    /// Each report of progress, 0.0 to 1.0.
    pub progress: Vec<f64>,
    /// Each line of the log.
    pub log: Vec<(LogLevel, String)>,
    /// Files that it kept; [`Bench::content`] has what is in them.
    pub artifacts: Vec<FileRef>,
    /// Jobs that it added. (Not checked: there are no other kinds here.)
    pub added: Vec<NewJob>,
}

/// Where workers are performed, with files that are gone with it.
pub struct Bench {
    files: Arc<FileStore>,
}

/// Performs the first attempt at a job, with [`Bench::perform`].
///
/// # Panics
/// A yard would refuse the arguments.
pub async fn perform<W: Worker>(worker: W, args: W::Args) -> Performed {
    Bench::new().perform(worker, args, 1).await
}

impl Bench {
    /// # Panics
    /// There is no temporary folder to be had.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Bench {
        Bench {
            files: Arc::new(FileStore::temporary().expect("the system has a folder for temporary files")),
        }
    }

    /// Keeps a file that arguments can name, by the SHA-256 that this answers.
    ///
    /// # Panics
    /// The name is not a plain file name, or the disk is full.
    pub fn upload(&self, name: &str, media_type: &str, content: &[u8]) -> String {
        self.files.put(name, media_type, content).expect("the upload can be kept").sha256
    }

    /// What is in an artifact.
    ///
    /// # Panics
    /// It is not one of this bench.
    pub fn content(&self, file: &FileRef) -> Vec<u8> {
        self.files.read(&file.sha256).expect("the file is one of this bench")
    }

    /// Performs an attempt (they count from 1) at a job, as job 1.
    ///
    /// # Panics
    /// A yard would refuse the arguments, or the worker: the message says why. A panic of the worker goes through.
    pub async fn perform<W: Worker>(&self, worker: W, args: W::Args, attempt: u32) -> Performed {
        let args = serde_json::to_value(&args).expect("the arguments can be written as JSON");
        let kinds = KindRegistry::builder().register(worker);
        let kinds = kinds.unwrap_or_else(|error| panic!("{error}")).build();
        let job = NewJob::new(W::KIND, args);
        let insert = kinds
            .prepare(job, &self.files, Clock::default().now_ms())
            .await
            .unwrap_or_else(|error| panic!("the job is refused: {error:?}"));
        let told = Arc::new(Told::default());
        let yard = Surroundings { adder: Arc::<Told>::clone(&told), services: None, reader: None };
        let (ctx, mut ends) = JobContext::new(
            JobId(1),
            attempt,
            CancellationToken::new(),
            Arc::<Told>::clone(&told),
            Arc::clone(&self.files),
            yard,
        );
        let worker = kinds.worker(W::KIND).expect("it has just been registered");
        let result = worker.perform(&insert.args, ctx).await;
        // What it left running in the background ends first, as in a yard.
        while ends.all_ended.recv().await.is_some() {}
        let artifacts = std::mem::take(&mut *ends.artifacts.lock().unwrap_or_else(PoisonError::into_inner));
        let heard = std::mem::take(&mut *told.heard());
        Performed { result, progress: heard.progress, log: heard.log, artifacts, added: heard.added }
    }
}

#[derive(Default)]
struct Heard {
    progress: Vec<f64>,
    log: Vec<(LogLevel, String)>,
    added: Vec<NewJob>,
    /// Keys of [`JobContext::add_once`] with the job that was added.
    once: Vec<(String, JobId)>,
}

/// Takes what the work tells. Grows with that: a test's own work is trusted.
#[derive(Default)]
struct Told {
    heard: Mutex<Heard>,
}

impl Told {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Told {
    fn progress(&self, progress: Progress) {
        self.heard().progress.push(f64::from(progress.thousandths()) / 1000.0);
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.heard().log.extend(text.lines().map(|line| (level, line.to_owned())));
    }
}

impl Adder for Told {
    fn add(
        &self,
        job: NewJob,
        idempotency: Option<IdempotencyKey>,
    ) -> BoxFuture<'static, Result<JobId, WireError>> {
        let mut heard = self.heard();
        let key = idempotency.map(|idempotency| idempotency.key);
        let before = heard.once.iter().find(|(once, _)| key.as_ref() == Some(once)).map(|(_, id)| *id);
        let id = before.unwrap_or_else(|| {
            heard.added.push(job);
            let id = JobId(1 + heard.added.len() as u64);
            heard.once.extend(key.map(|key| (key, id)));
            id
        });
        futures_util::future::ready(Ok(id)).boxed()
    }
}
