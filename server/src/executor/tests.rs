//! What the executor reports of an attempt, and in which order.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Context, Handler};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobOptions, JobState, JobSummary, Progress};
use taskyard_shared::log::LogLine;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{EndBuffer, Executor, Reports};
use crate::clock::Clock;
use crate::kinds::tests::{TestFiles, test_files};
use crate::kinds::{JobContext, JobError, JobResult, KindRegistry, Label, RetryPolicy, Worker};
use crate::queue::QueueError;
use crate::queue::core::{AttemptId, EndedAttempt};
use crate::queue::messages::{AddJobs, AttemptsEnded, LogsReported, ProgressReported};
use crate::store::{AfterFailure, AttemptEnd, ClaimedJob, MemoryStore, Store};

const NOW_MS: i64 = 5_000;

/// Writes lines, and then fails, waits or asks for time.
struct Talk;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TalkArgs {
    lines: u32,
    then: Then,
}

#[derive(Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Then {
    Snooze,
    Block,
}

impl Worker for Talk {
    const KIND: &'static str = "talk";
    const DESCRIPTION: &'static str = "Writes lines.";
    type Args = TalkArgs;

    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn label(&self, _: &TalkArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, args: TalkArgs, ctx: JobContext) -> JobResult {
        for line in 1..=args.lines {
            ctx.info(format!("line {line}"));
        }
        match args.then {
            Then::Snooze => Err(JobError::snooze(Duration::from_secs(2), "tired")),
            Then::Block => ctx.blocking(block).await,
        }
    }
}

/// Ends only because it is told to.
fn block(ctx: &JobContext) -> JobResult {
    while !ctx.is_cancelled() {
        std::thread::sleep(Duration::from_millis(1));
    }
    ctx.warn("was told to stop");
    Ok(Value::Null)
}

#[derive(Debug)]
enum Heard {
    Lines(Vec<(JobId, LogLine)>),
    Ended(AttemptEnd),
}

/// Stands in for the queue.
struct Listening(UnboundedSender<Heard>);

impl Actor for Listening {
    type Context = Context<Self>;
}

impl Handler<AttemptsEnded> for Listening {
    type Result = ();

    fn handle(&mut self, AttemptsEnded(buffer): AttemptsEnded, _: &mut Self::Context) {
        for ended in buffer.take() {
            self.0.send(Heard::Ended(ended.end)).expect("the test listens");
        }
    }
}

impl Handler<LogsReported> for Listening {
    type Result = ();

    fn handle(&mut self, message: LogsReported, _: &mut Self::Context) {
        self.0.send(Heard::Lines(message.lines)).expect("the test listens");
    }
}

impl Handler<ProgressReported> for Listening {
    type Result = ();

    fn handle(&mut self, _: ProgressReported, _: &mut Self::Context) {}
}

impl Handler<AddJobs> for Listening {
    type Result = <AddJobs as actix::Message>::Result;

    fn handle(&mut self, _: AddJobs, _: &mut Self::Context) -> Self::Result {
        Err(QueueError::Stopping)
    }
}

struct Setup {
    executor: Arc<Executor>,
    heard: UnboundedReceiver<Heard>,
    _files: TestFiles,
}

fn setup() -> Setup {
    let kinds = KindRegistry::builder().register(Talk).expect("a good kind").build();
    let files = test_files();
    let executor = Executor::new(
        Arc::new(kinds),
        Arc::clone(&files.files),
        Arc::downgrade(&MemoryStore::new().reader()),
        Clock::manual(NOW_MS),
        Some(1),
    );
    let executor = executor.expect("a thread");
    let (sender, heard) = unbounded_channel();
    let queue = Listening(sender).start();
    executor.report_to(Reports {
        ended: queue.clone().recipient(),
        progress: queue.clone().recipient(),
        logs: queue.clone().recipient(),
        adds: queue.recipient(),
    });
    Setup { executor, heard, _files: files }
}

fn claimed(id: u64, kind: &str, args: Value, timeout_ms: Option<u64>) -> ClaimedJob {
    let job = JobSummary {
        id: JobId(id),
        kind: kind.to_owned(),
        queue: kind.to_owned(),
        name: String::new(),
        detail: String::new(),
        state: JobState::Processing,
        progress: Progress::NONE,
        attempt: 1,
        failures: 0,
        max_attempts: 1,
        priority: 0,
        batch: None,
        created_at_ms: 0,
        run_at_ms: None,
        started_at_ms: Some(0),
        finished_at_ms: None,
        error: None,
    };
    ClaimedJob {
        job: Arc::new(job),
        args: args.to_string(),
        inputs: Vec::new(),
        options: JobOptions { timeout_ms, ..JobOptions::default() },
        results: Vec::new(),
        is_limited: false,
    }
}

/// All lines that were heard before the end, and the end.
async fn until_end(heard: &mut UnboundedReceiver<Heard>) -> (Vec<LogLine>, AttemptEnd) {
    let mut lines = Vec::new();
    loop {
        match heard.recv().await.expect("the executor reports") {
            Heard::Lines(more) => lines.extend(more.into_iter().map(|(_, line)| line)),
            Heard::Ended(end) => return (lines, end),
        }
    }
}

#[actix::test]
async fn the_end_of_an_attempt_comes_after_all_its_lines() {
    let mut setup = setup();
    for id in 1..=20 {
        setup.executor.start(claimed(id, "talk", json!({"lines": 300, "then": "snooze"}), None));
        let (lines, end) = until_end(&mut setup.heard).await;
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let expected: Vec<String> = (1..=300).map(|line| format!("line {line}")).collect();
        assert_eq!(texts, expected);
        assert!(lines.iter().zip(1..).all(|(line, number)| line.number == number && line.at_ms == NOW_MS));
        assert_eq!(end, AttemptEnd::Snoozed { until_ms: NOW_MS + 2_000, reason: "tired".to_owned() });
    }
}

#[actix::test]
async fn blocking_work_whose_time_is_over_is_told_and_waited_for() {
    let mut setup = setup();
    setup.executor.start(claimed(1, "talk", json!({"lines": 0, "then": "block"}), Some(100)));
    let (lines, end) = until_end(&mut setup.heard).await;
    assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["was told to stop"]);
    let error = "took longer than 100 ms, so it was stopped".to_owned();
    assert_eq!(end, AttemptEnd::Failed { error, then: AfterFailure::Undecided });
}

#[actix::test]
async fn a_job_of_a_kind_without_a_worker_fails_with_a_sentence() {
    let mut setup = setup();
    setup.executor.start(claimed(1, "gone", json!({}), None));
    let (_, end) = until_end(&mut setup.heard).await;
    assert!(
        matches!(end, AttemptEnd::Failed { error, .. } if error.contains("no worker for the kind \"gone\""))
    );
}

/// Counts messages, and takes nothing before it is asked to.
struct Slow(UnboundedSender<Arc<EndBuffer>>);

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<AttemptsEnded> for Slow {
    type Result = ();

    fn handle(&mut self, AttemptsEnded(buffer): AttemptsEnded, _: &mut Self::Context) {
        self.0.send(buffer).expect("the test listens");
    }
}

#[actix::test]
async fn one_message_tells_of_all_that_ended_until_it_is_taken_up() {
    let (sender, mut messages) = unbounded_channel();
    let queue = Slow(sender).start().recipient();
    let ends = Arc::new(EndBuffer::default());
    let ended = |job| {
        let attempt = AttemptId { job: JobId(job), attempt: 1 };
        let end = AttemptEnd::Completed { result: Value::Null, reused: None };
        EndedAttempt { attempt, end, artifacts: Vec::new() }
    };
    for job in 1..=3 {
        ends.put(ended(job), &queue);
    }
    let told = messages.recv().await.expect("the queue is told");
    assert_eq!(told.take().iter().map(|ended| ended.attempt.job.0).collect::<Vec<_>>(), [1, 2, 3]);
    ends.put(ended(4), &queue);
    assert_eq!(messages.recv().await.expect("the queue is told again").take().len(), 1);
    assert!(messages.try_recv().is_err(), "two messages are enough");
}
