//! Whom is told what, once and after a crash, by real servers on a real folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::new_job::NewJob;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::QUEUE;
use super::ended::{Ends, PAGE};
use super::position::{Position, PositionFile};
use crate::config::{HttpConfig, SecretText, WebhookConfig};
use crate::kinds::{JobContext, JobError, JobResult, Label, RetryPolicy, Worker};
use crate::store::EndedJob;
use crate::yard::{StartError, Yard};

/// Longer than anything takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends as it is told to.
struct Obey;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ObeyArgs {
    fail: bool,
}

impl Worker for Obey {
    const KIND: &'static str = "obey";
    const DESCRIPTION: &'static str = "Ends as it is told to.";
    type Args = ObeyArgs;

    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn label(&self, _: &ObeyArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, args: ObeyArgs, _: JobContext) -> JobResult {
        if args.fail { Err(JobError::new("told to")) } else { Ok(Value::Null) }
    }
}

fn obey(fail: bool) -> NewJob {
    NewJob::new("obey", json!({ "fail": fail }))
}

/// A request that came in: its header fields and body.
struct Message {
    headers: BTreeMap<String, String>,
    body: Value,
}

/// A server that takes every message, in a runtime of its own.
struct Receiver {
    url: String,
    messages: UnboundedReceiver<Message>,
    runtime: tokio::runtime::Runtime,
}

impl Receiver {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("threads");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let (sender, messages) = unbounded_channel();
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, sender.clone()));
            }
        });
        Receiver { url, messages, runtime }
    }

    fn next(&mut self) -> Message {
        let next = async { tokio::time::timeout(PATIENCE, self.messages.recv()).await };
        self.runtime.block_on(next).expect("a message within the time").expect("the receiver runs")
    }
}

async fn take(mut stream: TcpStream, sender: UnboundedSender<Message>) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: BTreeMap<String, String> = head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let body = serde_json::from_str(body).unwrap_or_default();
                stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await?;
                let _ = sender.send(Message { headers, body });
                return stream.shutdown().await;
            }
        }
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
}

fn webhook(url: &str) -> WebhookConfig {
    WebhookConfig {
        url: url.to_owned(),
        secret: "s".to_owned(),
        kinds: vec!["obey".to_owned()],
        queues: Vec::new(),
        states: vec![JobState::Completed, JobState::Failed],
    }
}

/// Does something with a server on this folder, which has stopped then.
fn with_yard<F: Future>(
    dir: &Path,
    hooks: &[(&str, WebhookConfig)],
    work: impl FnOnce(Yard) -> F,
) -> F::Output {
    actix::System::new().block_on(async move {
        let yard = start(dir, hooks).await;
        let done = work(yard.clone()).await;
        yard.stop(PATIENCE).await;
        done
    })
}

/// A server that has stopped gives its folder free a moment later.
async fn start(dir: &Path, hooks: &[(&str, WebhookConfig)]) -> Yard {
    let secret = SecretText::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let begun = Instant::now();
    loop {
        let http = HttpConfig {
            allow_private_addresses: true,
            secrets: [("s".to_owned(), secret.clone())].into(),
            ..HttpConfig::default()
        };
        let hooks = hooks.iter().map(|(name, hook)| ((*name).to_owned(), hook.clone())).collect();
        let builder = Yard::builder().data_dir(dir).worker(Obey).built_in_kinds(http).webhooks(hooks);
        match builder.start().await {
            Ok(yard) => return yard,
            Err(StartError::Store(_)) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

async fn until_ended(yard: &Yard, ids: &[JobId]) {
    let begun = Instant::now();
    for id in ids {
        while !yard.job(*id).await.expect("stored").job.state.is_finished() {
            assert!(begun.elapsed() < PATIENCE, "job {id} does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn all_of(yard: &Yard, queue: &str) -> Vec<JobId> {
    let filter = JobFilter { queue: Some(queue.to_owned()), ..JobFilter::default() };
    let query = JobsQuery { filter, sort: SortOrder::Newest, start: WindowStart::Top, limit: 50 };
    yard.list(query).await.expect("a list").rows.iter().map(|job| job.id).collect()
}

/// So many messages are there, and have arrived.
async fn until_told(yard: &Yard, messages: usize) {
    let begun = Instant::now();
    while all_of(yard, QUEUE).await.len() < messages {
        assert!(begun.elapsed() < PATIENCE, "nobody is told");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    until_ended(yard, &all_of(yard, QUEUE).await).await;
}

#[test]
fn an_end_is_told_signed_and_once_and_no_message_begets_another() {
    let (dir, mut receiver) = (tempfile::tempdir().expect("a folder"), Receiver::start());
    let everything = WebhookConfig { kinds: Vec::new(), states: Vec::new(), ..webhook(&receiver.url) };
    with_yard(dir.path(), &[("audit", everything)], async |yard| {
        let ids = yard.add_many(vec![obey(false), obey(true)]).await.expect("added");
        until_ended(&yard, &ids).await;
        until_told(&yard, 2).await;
        // What follows those in order would be told before this one.
        let last = yard.add(obey(false)).await.expect("added");
        until_ended(&yard, &[last]).await;
        until_told(&yard, 3).await;
        assert_eq!(all_of(&yard, QUEUE).await.len(), 3);
        let told = yard.job(all_of(&yard, QUEUE).await[0]).await.expect("stored");
        assert!(!told.args.to_string().contains("whsec"), "{}", told.args);
    });
    let mut types = Vec::new();
    for _ in 0..3 {
        let message = receiver.next();
        let (id, ended) = (&message.body["data"]["id"], &message.body["data"]["finished_at_ms"]);
        assert_eq!(message.headers["webhook-id"], format!("audit-{id}-{ended}"));
        assert!(message.headers["webhook-signature"].starts_with("v1,"));
        assert_eq!(message.headers["content-type"], "application/json");
        assert!(message.body["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')));
        types.push(message.body["type"].as_str().expect("a type").to_owned());
    }
    types.sort();
    assert_eq!(types, ["job.completed", "job.completed", "job.failed"]);
}

/// What a crash leaves: a job has ended, and how far was told is before that.
#[test]
fn what_ended_before_a_crash_is_told_after_it() {
    let (dir, mut receiver) = (tempfile::tempdir().expect("a folder"), Receiver::start());
    let hooks = [("audit", webhook(&receiver.url))];
    let first = with_yard(dir.path(), &hooks, async |yard| {
        let id = yard.add(obey(false)).await.expect("added");
        until_told(&yard, 1).await;
        id
    });
    assert_eq!(receiver.next().body["data"]["id"], first.0);
    let file = dir.path().join("webhooks.json");
    let position = std::fs::read(&file).expect("the position is on the disk");

    let second = with_yard(dir.path(), &[], async |yard| {
        let id = yard.add(obey(true)).await.expect("added");
        until_ended(&yard, &[id]).await;
        id
    });
    assert!(!file.exists(), "without webhooks nobody keeps a position");
    std::fs::write(&file, position).expect("written");
    with_yard(dir.path(), &hooks, async |yard| {
        until_told(&yard, 2).await;
        assert_eq!(all_of(&yard, QUEUE).await.len(), 2, "the first was told before");
    });
    assert_eq!(receiver.next().body["data"]["id"], second.0);
    assert!(receiver.messages.try_recv().is_err());
}

#[test]
fn a_webhook_is_not_told_of_what_ended_before_it_was_there() {
    let known = |names: &[(&str, i64)]| names.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().into_iter();
    let first = Position::resumed(None, names(&["a"]), 100);
    assert_eq!(first, Position { told_until_ms: 100, since_ms: known(&[("a", 100)]) });
    let told = Position { told_until_ms: 150, ..first };
    let second = Position::resumed(Some(told.clone()), names(&["a", "b"]), 200);
    assert_eq!(second, Position { told_until_ms: 150, since_ms: known(&[("a", 100), ("b", 200)]) });
    let third = Position::resumed(Some(told), names(&["b"]), 200);
    assert_eq!(third, Position { told_until_ms: 200, since_ms: known(&[("b", 200)]) });

    let dir = tempfile::tempdir().expect("a folder");
    let file = PositionFile(Some(dir.path().to_owned()));
    assert_eq!(file.load().expect("readable"), None);
    file.save(&second).expect("written");
    assert_eq!(file.load().expect("readable"), Some(second));
    std::fs::write(dir.path().join("webhooks.json"), "{").expect("written");
    assert_eq!(file.load().expect("readable"), None, "damaged");
    file.remove().expect("removed");
    file.remove().expect("removed already");
}

fn ended(id: u64, at_ms: i64) -> std::sync::Arc<JobSummary> {
    let job = json!({
        "id": id, "kind": "k", "queue": "q", "name": "", "detail": "", "state": "completed", "progress": 1000,
        "attempt": 1, "failures": 0, "max_attempts": 1, "created_at_ms": 0, "started_at_ms": 0,
        "finished_at_ms": at_ms, "error": null,
    });
    std::sync::Arc::new(serde_json::from_value(job).expect("a job"))
}

#[test]
fn a_millisecond_is_read_again_and_each_of_its_jobs_is_taken_once() {
    let mut ends = Ends::since(10);
    let mut take = |jobs: &[(u64, i64)]| {
        let (new, more) = ends.take(jobs.iter().map(|(id, at)| ended(*id, *at)).collect());
        (new.iter().map(|job| job.id.0).collect::<Vec<_>>(), more, ends.begin())
    };
    let from = |at_ms| EndedJob { at_ms, id: JobId(0) };
    assert_eq!(take(&[]), (vec![], false, from(10)));
    assert_eq!(take(&[(4, 11), (5, 11)]), (vec![4, 5], false, from(11)));
    assert_eq!(take(&[(2, 11), (4, 11), (5, 11), (1, 12)]), (vec![2, 1], false, from(12)));
    assert_eq!(take(&[(1, 12)]), (vec![], false, from(12)));
    let page: Vec<_> = (1..=u64::from(PAGE)).map(|id| (id, 12)).collect();
    let (new, more, next) = take(&page);
    assert_eq!((new.len(), more), (PAGE as usize - 1, true));
    assert_eq!(next, EndedJob { at_ms: 12, id: JobId(PAGE.into()) });
    assert_eq!(take(&[(900, 12)]), (vec![900], false, from(12)));
}
