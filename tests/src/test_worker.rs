//! The kind of job that ends as it is told: well, badly, never, or with the whole process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard::kinds::{JobContext, JobError, JobResult, Label, QueueDefaults, RetryPolicy, Worker};
use taskyard_shared::new_job::NewJob;

use crate::record::AtWork;

/// How often work that blocks looks for its file.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// See the module.
pub struct TestWorker;

/// What a job does once it has worked for [`TestArgs::ms`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    #[default]
    Succeed,
    Fail,
    Panic,
    /// Goes on until it is cancelled; makes the file when it has really stopped.
    Hang,
    /// Holds a thread and reports progress until the file is there, cancelled or not.
    Block,
    /// Ends the process.
    Abort,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestArgs {
    #[serde(default)]
    pub does: Does,
    /// How long it works before, in milliseconds.
    #[serde(default)]
    pub ms: u64,
    #[serde(default)]
    pub file: PathBuf,
    /// What the job is called.
    #[serde(default)]
    pub note: String,
    /// So many of its first attempts fail, whatever it does after that.
    #[serde(default)]
    pub fail_first: u32,
    /// Lines that it writes into its log when it begins.
    #[serde(default)]
    pub lines: u32,
    /// For limits that go by an argument. Without blanks.
    #[serde(default)]
    pub key: String,
    /// Where it records when it begins and ends: see [`crate::record`].
    #[serde(default)]
    pub record: PathBuf,
}

impl TestArgs {
    pub fn new(does: Does) -> Self {
        TestArgs { does, ..TestArgs::default() }
    }

    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = file.into();
        self
    }

    pub fn ms(mut self, ms: u64) -> Self {
        self.ms = ms;
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    pub fn record(mut self, record: impl Into<PathBuf>) -> Self {
        self.record = record.into();
        self
    }

    /// A job of this kind in its own queue, whose concurrency is 1.
    pub fn job(self) -> NewJob {
        NewJob::new(TestWorker::KIND, json!(self))
    }

    pub fn job_in(self, queue: &str) -> NewJob {
        NewJob { queue: Some(queue.to_owned()), ..self.job() }
    }
}

impl Worker for TestWorker {
    const KIND: &'static str = "test";
    const DESCRIPTION: &'static str = "Ends as it is told.";
    type Args = TestArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 1 }
    }

    /// A test that has a job fail wants to see it failed.
    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn label(&self, args: &TestArgs) -> Label {
        Label { name: args.note.clone(), detail: format!("{:?}", args.does) }
    }

    async fn perform(&self, args: TestArgs, ctx: JobContext) -> JobResult {
        let at_work = Arc::new(AtWork::begin(&args.record, ctx.id(), ctx.attempt(), &args.key));
        for number in 1..=args.lines {
            ctx.info(format!("line {number} of attempt {}", ctx.attempt()));
        }
        if args.ms > 0 {
            ctx.progress(0.5);
            tokio::time::sleep(Duration::from_millis(args.ms)).await;
        }
        if ctx.attempt() <= args.fail_first {
            return Err(JobError::new("it was told to fail at first"));
        }
        match args.does {
            Does::Succeed => Ok(json!({ "attempt": ctx.attempt() })),
            Does::Fail => Err(JobError::new("it was told to fail")),
            Does::Panic => panic!("it was told to panic"),
            Does::Hang => {
                let _told = MakesFileWhenDropped(&args.file);
                std::future::pending().await
            }
            Does::Block => {
                // Its work ends with the thread, however early nobody waits for it any more.
                let at_work = Arc::clone(&at_work);
                let blocked = ctx.blocking(move |ctx| {
                    let _at_work = at_work;
                    block_until(&args.file, ctx)
                });
                blocked.await.map(|()| Value::Null)
            }
            Does::Abort => std::process::abort(),
        }
    }
}

struct MakesFileWhenDropped<'a>(&'a Path);

impl Drop for MakesFileWhenDropped<'_> {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            // A test that waits for the file says so.
            let _ = std::fs::write(self.0, "stopped");
        }
    }
}

fn block_until(file: &Path, ctx: &JobContext) -> Result<(), JobError> {
    let mut reports = 0_u32;
    while !file.exists() {
        reports += 1;
        ctx.progress(f64::from(reports % 100) / 100.0);
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
    Ok(())
}
