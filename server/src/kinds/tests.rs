//! What may be added and what is refused, with which words; and what the demo does.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{JobId, Progress};
use taskyard_shared::log::LogLevel;
use taskyard_shared::new_job::NewJob;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::context::{Adder, ContextEnds, Listener, Surroundings};
use super::demo::{Demo, DemoArgs};
use super::{
    HttpConfig, JobContext, JobResult, KindRegistry, Label, QueueDefaults, RegistryError, RetryPolicy, Worker,
};
use crate::files::FileStore;
use crate::store::{IdempotencyKey, JobInsert, MemoryStore, Store};

/// When the tests take place: 2027-01-31T09:00:00Z.
pub(crate) const NOW_MS: i64 = 1_801_386_000_000;

/// A folder of files that is gone with the test.
pub(crate) struct TestFiles {
    pub files: Arc<FileStore>,
    _dir: tempfile::TempDir,
}

pub(crate) fn test_files() -> TestFiles {
    let dir = tempfile::tempdir().expect("a temporary folder");
    TestFiles { files: Arc::new(FileStore::open(dir.path()).expect("an empty file store")), _dir: dir }
}

/// A context whose progress and log can be looked at.
pub(crate) struct TestContext {
    pub ctx: JobContext,
    pub cancel: CancellationToken,
    pub told: Arc<Told>,
    pub ends: ContextEnds,
}

/// What running work told.
#[derive(Default)]
pub(crate) struct Told {
    progress: Mutex<Vec<u16>>,
    log: Mutex<Vec<String>>,
    /// Signalled after each line.
    logged: Notify,
}

impl Told {
    pub fn progress(&self) -> Vec<u16> {
        self.progress.lock().expect("not poisoned").clone()
    }

    /// Each line with its level: `info: step 1 of 10 done`.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("not poisoned").clone()
    }

    /// The first line, as soon as it is there.
    pub async fn first_line(&self) -> String {
        loop {
            // Listens before it looks, so that no line comes in between.
            let logged = self.logged.notified();
            if let Some(line) = self.log().into_iter().next() {
                return line;
            }
            logged.await;
        }
    }
}

impl Listener for Told {
    fn progress(&self, progress: Progress) {
        self.progress.lock().expect("not poisoned").push(progress.thousandths());
    }

    fn log(&self, level: LogLevel, text: &str) {
        self.log.lock().expect("not poisoned").push(format!("{}: {text}", level.as_str()));
        self.logged.notify_waiters();
    }
}

pub(crate) fn test_context(files: &Arc<FileStore>) -> TestContext {
    let told = Arc::new(Told::default());
    let cancel = CancellationToken::new();
    let reader = Some(Arc::downgrade(&MemoryStore::new().reader()));
    let yard = Surroundings { adder: Arc::new(NoQueue), services: None, reader };
    let (ctx, ends) = JobContext::new(JobId(1), 1, cancel.clone(), told.clone(), Arc::clone(files), yard);
    TestContext { ctx, cancel, told, ends }
}

/// For work that adds no jobs.
struct NoQueue;

impl Adder for NoQueue {
    fn add(&self, _: NewJob, _: Option<IdempotencyKey>) -> BoxFuture<'static, Result<JobId, WireError>> {
        panic!("a kind that comes with the server adds no jobs")
    }
}

/// A kind that takes arguments of any size.
struct Noop;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoopArgs {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    payload: String,
}

impl Worker for Noop {
    const KIND: &'static str = "noop";
    const DESCRIPTION: &'static str = "Does nothing.";
    type Args = NoopArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: Self::KIND, concurrency: 100 }
    }

    fn label(&self, _args: &NoopArgs) -> Label {
        Label { name: "noop".to_owned(), detail: String::new() }
    }

    async fn perform(&self, _args: NoopArgs, _ctx: JobContext) -> JobResult {
        Ok(Value::Null)
    }
}

/// The built-in kinds, and one that does nothing.
pub(crate) fn registry() -> KindRegistry {
    // Made once, for it reads the certificates that the system trusts.
    static REGISTRY: LazyLock<KindRegistry> = LazyLock::new(|| {
        let builder = KindRegistry::builder()
            .register_built_in(&HttpConfig::default())
            .and_then(|builder| builder.register(Noop));
        builder.expect("the kinds fit together").build()
    });
    REGISTRY.clone()
}

async fn prepare(kind: &str, args: Value) -> Result<JobInsert, WireError> {
    let job = NewJob::new(kind, args);
    registry().prepare(job, &test_files().files, NOW_MS).await
}

async fn complaints(kind: &str, args: Value) -> Vec<(String, String)> {
    let error = prepare(kind, args).await.expect_err("it must be refused");
    assert_eq!(error.code, ErrorCode::InvalidArguments);
    error.fields.into_iter().map(|field| (field.field, field.message)).collect()
}

#[tokio::test]
async fn an_unknown_kind_is_refused_and_the_known_ones_are_named() {
    let error = prepare("dmeo", json!({})).await.expect_err("unknown");
    assert_eq!(error.code, ErrorCode::UnknownKind);
    assert!(
        error.message.starts_with("there is no kind \"dmeo\"; there are contact-sheet, demo, "),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn wrong_arguments_of_the_demo_are_each_named_at_their_field() {
    let long = "x".repeat(10_000);
    let unknown = "there is no argument \"speed\"; there are duration, failure_chance, name";
    let table = [
        (json!({}), "/name", "name is required"),
        (json!({"name": ""}), "/name", "name must not be empty"),
        (json!({"name": " \t\n"}), "/name", "name must not be empty"),
        (json!({"name": 7}), "/name", "name must be text"),
        (json!({"name": long}), "/name", "name has 10000 characters; at most 200 are allowed"),
        (json!({"name": "a", "duration": 0}), "/duration", "duration must be 1 to 30"),
        (json!({"name": "a", "duration": -1}), "/duration", "duration must be 1 to 30"),
        (json!({"name": "a", "duration": 31}), "/duration", "duration must be 1 to 30"),
        (json!({"name": "a", "duration": 1e300}), "/duration", "duration must be 1 to 30"),
        (json!({"name": "a", "duration": 1.55}), "/duration", "duration must be a multiple of 0.1"),
        (json!({"name": "a", "duration": "NaN"}), "/duration", "duration must be a number"),
        (json!({"name": "a", "duration": f64::NAN}), "/duration", "duration must be a number"),
        (json!({"name": "a", "duration": null}), "/duration", "duration must be a number"),
        (json!({"name": "a", "failure_chance": 5}), "/failure_chance", "failure_chance must be 0 to 1"),
        (json!({"name": "a", "speed": 1}), "/speed", unknown),
        (json!([]), "", "the whole of the arguments must be an object"),
        (json!(null), "", "the whole of the arguments must be an object"),
    ];
    for (args, field, sentence) in table {
        let shown: String = args.to_string().chars().take(60).collect();
        assert_eq!(complaints("demo", args).await, [(field.to_owned(), sentence.to_owned())], "{shown}");
    }
}

#[tokio::test]
async fn all_wrong_arguments_are_named_at_once_whoever_finds_them() {
    let found = complaints("demo", json!({"name": "  ", "duration": 31, "failure_chance": -1})).await;
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["/duration", "/failure_chance", "/name"]);
}

#[tokio::test]
async fn every_tenth_of_a_second_from_1_to_30_is_a_duration() {
    let registry = registry();
    let files = test_files().files;
    for tenths in 10..=300 {
        let args: Value = serde_json::from_str(&format!(
            "{{\"name\": \"a\", \"duration\": {}.{}}}",
            tenths / 10,
            tenths % 10
        ))
        .expect("JSON");
        let job = NewJob::new("demo", args);
        registry.prepare(job, &files, NOW_MS).await.unwrap_or_else(|error| panic!("{tenths}: {error}"));
    }
}

#[tokio::test]
async fn an_accepted_job_has_its_defaults_filled_in_and_a_label() {
    let insert = prepare("demo", json!({"name": " three\nlines ", "duration": 3})).await.expect("accepted");
    assert_eq!((&*insert.kind, &*insert.queue), ("demo", "demo"));
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("three lines", "3 s"));
    let args: Value = serde_json::from_str(&insert.args).expect("JSON");
    assert_eq!(args, json!({"name": " three\nlines ", "duration": 3.0, "failure_chance": 0.05}));
    assert!(insert.inputs.is_empty());
}

#[tokio::test]
async fn arguments_over_the_bound_are_refused_before_anything_else_looks_at_them() {
    let error = prepare("noop", json!({"payload": "x".repeat(256 * 1024)})).await.expect_err("too large");
    assert_eq!(error.code, ErrorCode::TooLarge);
    assert!(prepare("noop", json!({"payload": "x".repeat(255 * 1024)})).await.is_ok());
}

#[tokio::test]
async fn a_job_may_name_a_queue_if_that_can_be_a_queues_name() {
    let job = |queue: &str| NewJob { queue: Some(queue.into()), ..NewJob::new("demo", json!({"name": "a"})) };
    let files = test_files().files;
    assert_eq!(&*registry().prepare(job("noop"), &files, NOW_MS).await.expect("accepted").queue, "noop");
    let error = registry().prepare(job("No Op"), &files, NOW_MS).await.expect_err("not an identifier");
    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::InvalidArguments, "$queue"));
}

#[test]
fn each_kind_says_how_its_queue_is_made() {
    let queues: Vec<_> = registry().queues().iter().map(|queue| (queue.name, queue.concurrency)).collect();
    assert_eq!(queues, [("contact-sheet", 1), ("demo", 1), ("http", 8), ("image", 2), ("noop", 100)]);
}

#[test]
fn the_schema_of_the_demo_has_what_a_form_needs() {
    let infos = registry().infos();
    let demo = infos.iter().find(|info| info.kind == "demo").expect("registered");
    let schema = &demo.args_schema;
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(["name"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["name"]["maxLength"], 200);
    let duration = &schema["properties"]["duration"];
    assert_eq!((&duration["minimum"], &duration["maximum"]), (&json!(1), &json!(30)));
    assert_eq!((&duration["default"], &duration["title"]), (&json!(3.0), &json!("Duration (seconds)")));
    assert!(duration["description"].is_string());
}

struct Hasty;

impl Worker for Hasty {
    const KIND: &'static str = "hasty";
    const DESCRIPTION: &'static str = "";
    type Args = DemoArgs;

    fn retry(&self) -> RetryPolicy {
        RetryPolicy { timeout: Some(Duration::from_millis(1)), ..RetryPolicy::default() }
    }

    fn label(&self, _: &DemoArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, _: DemoArgs, _: JobContext) -> JobResult {
        Ok(Value::Null)
    }
}

#[test]
fn a_kind_whose_retries_are_out_of_bounds_cannot_be_registered() {
    let error = KindRegistry::builder().register(Hasty).err().map(|error| error.to_string());
    let says = "the jobs of \"hasty\" cannot be tried like that: timeout_ms must be 100 to";
    assert!(error.as_deref().is_some_and(|error| error.starts_with(says)), "{error:?}");
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Its results may be used for this time.
pub(crate) struct Sums(pub Duration);

impl Worker for Sums {
    const KIND: &'static str = "sums";
    const DESCRIPTION: &'static str = "";
    type Args = DemoArgs;

    fn cache_for(&self) -> Option<Duration> {
        Some(self.0)
    }

    fn label(&self, _: &DemoArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, _: DemoArgs, _: JobContext) -> JobResult {
        Ok(Value::Null)
    }
}

#[test]
fn a_kind_says_how_old_a_result_may_be_and_not_more_than_ten_years() {
    let told = |time| {
        let kinds = KindRegistry::builder().register(Sums(time))?.build();
        Ok::<_, RegistryError>(kinds.infos().remove(0).cache_for_ms)
    };
    assert_eq!(told(MINUTE).ok().flatten(), Some(60_000));
    assert_eq!(told(Duration::ZERO).ok(), Some(None));
    let error = told(Duration::MAX).err().map(|error| error.to_string());
    let says = "the results of \"sums\" cannot be used for so long: cache_for_ms must be 0 to";
    assert!(error.as_deref().is_some_and(|error| error.starts_with(says)), "{error:?}");
}

struct Named<const BAD: bool>;

impl<const BAD: bool> Worker for Named<BAD> {
    const KIND: &'static str = if BAD { "Bad Name" } else { "demo" };
    const DESCRIPTION: &'static str = "";
    type Args = DemoArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: "demo", concurrency: 1 }
    }

    fn label(&self, _: &DemoArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, _: DemoArgs, _: JobContext) -> JobResult {
        Ok(Value::Null)
    }
}

#[test]
fn two_kinds_of_one_name_and_names_that_are_none_cannot_be_registered() {
    let twice = KindRegistry::builder().register(Demo).and_then(|builder| builder.register(Named::<false>));
    assert_eq!(twice.err().map(|error| error.to_string()).as_deref(), Some("two kinds are called \"demo\""));
    let bad = KindRegistry::builder().register(Named::<true>).err().map(|error| error.to_string());
    assert!(bad.is_some_and(|text| text.starts_with("\"Bad Name\" cannot name a kind")));
}

async fn perform_demo(args: Value) -> (JobResult, Vec<u16>) {
    let test = test_context(&test_files().files);
    let worker = registry().worker("demo").expect("registered");
    let outcome = worker.perform(&args.to_string(), test.ctx).await;
    (outcome, test.told.progress())
}

#[tokio::test(start_paused = true)]
async fn the_demo_works_for_its_duration_and_tells_of_every_tenth() {
    let begun = tokio::time::Instant::now();
    let (outcome, progress) = perform_demo(json!({"name": "a", "duration": 2.5, "failure_chance": 0})).await;
    assert_eq!(outcome.expect("it cannot fail"), json!({"slept_s": 2.5}));
    assert_eq!(begun.elapsed().as_secs_f64(), 2.5, "tokio rounds up to milliseconds");
    assert_eq!(progress, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
}

#[tokio::test(start_paused = true)]
async fn the_demo_fails_when_chance_says_so_and_says_how_likely_that_was() {
    let (outcome, progress) = perform_demo(json!({"name": "a", "failure_chance": 1})).await;
    assert_eq!(outcome.expect_err("it must fail").message, "failed by chance (100 %)");
    assert_eq!(progress.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_demo_logs_its_steps() {
    let test = test_context(&test_files().files);
    let worker = registry().worker("demo").expect("registered");
    let args = json!({"name": "a", "failure_chance": 0}).to_string();
    worker.perform(&args, test.ctx).await.expect("it cannot fail");
    let log = test.told.log();
    assert_eq!((log.len(), log[0].as_str()), (11, "info: sleeps 3 s in ten steps"));
    assert_eq!(log[10], "info: step 10 of 10 done");
}

#[test]
fn each_kind_says_how_often_it_is_tried() {
    let infos = registry().infos();
    let policies: Vec<_> =
        infos.iter().map(|info| (info.kind.as_str(), info.max_attempts, info.timeout_ms)).collect();
    let expected = [
        ("contact-sheet", 5, None),
        ("demo", 1, None),
        ("http", 8, Some(360_000)),
        ("image", 1, None),
        ("noop", 12, None),
    ];
    assert_eq!(policies, expected);
}

#[tokio::test]
async fn stored_arguments_that_no_longer_fit_fail_the_attempt_with_a_sentence() {
    let (outcome, _) = perform_demo(json!({"title": "of another version"})).await;
    let message = outcome.expect_err("it must fail").message;
    assert!(message.starts_with("its arguments do not fit this version of \"demo\""), "{message}");
}
