//! Equal jobs in a yard: who does the work, and what the others get.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use actix::SystemService;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::job::{JobDetail, JobId, JobState};
use tokio::sync::Semaphore;

use super::when_it_ended;
use crate::Yard;
use crate::kinds::{
    IntoNewJob, JobBuilder, JobContext, JobError, JobResult, Label, QueueDefaults, RetryPolicy, Worker,
};
use crate::services::cache::{CacheActor, Panic};
use crate::testing::TestYard;

const MINUTE: Duration = Duration::from_secs(60);
const JOBS: usize = 100;

/// Counts its runs: the result is their number. Each run needs a permit.
#[derive(Clone)]
struct Count {
    runs: Arc<AtomicU64>,
    permits: Arc<Semaphore>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CountArgs {
    what: String,
    /// Runs up to this one fail.
    #[serde(default)]
    fails: u64,
}

impl Worker for Count {
    const KIND: &'static str = "count";
    const DESCRIPTION: &'static str = "Counts its runs.";
    type Args = CountArgs;

    fn queue(&self) -> QueueDefaults {
        QueueDefaults { name: "count", concurrency: JOBS as u32 }
    }

    fn retry(&self) -> RetryPolicy {
        RetryPolicy::once()
    }

    fn cache_for(&self) -> Option<Duration> {
        Some(10 * MINUTE)
    }

    fn label(&self, args: &CountArgs) -> Label {
        Label { name: args.what.clone(), detail: String::new() }
    }

    async fn perform(&self, args: CountArgs, ctx: JobContext) -> JobResult {
        let run = self.runs.fetch_add(1, Relaxed) + 1;
        self.permits.acquire().await?.forget();
        ctx.blocking(move |ctx| ctx.keep_artifact("what.txt", "text/plain", args.what.as_bytes())).await?;
        if run <= args.fails { Err(JobError::new("not yet")) } else { Ok(json!(run)) }
    }
}

struct Setup {
    yard: TestYard,
    count: Count,
}

impl Setup {
    async fn new(permits: usize) -> Setup {
        let count = Count { runs: Arc::default(), permits: Arc::new(Semaphore::new(permits)) };
        let yard = TestYard::start(Yard::builder().worker(count.clone())).await.expect("a yard");
        Setup { yard, count }
    }

    fn runs(&self) -> u64 {
        self.count.runs.load(Relaxed)
    }

    async fn add(&self, job: JobBuilder) -> JobId {
        self.yard.add(job).await.expect("a good job")
    }

    /// What becomes of the job when nothing stands in its way.
    async fn ended(&self, job: JobBuilder) -> JobDetail {
        let id = self.add(job).await;
        self.yard.drain().await;
        self.detail(id).await
    }

    async fn detail(&self, id: JobId) -> JobDetail {
        self.yard.job(id).await.expect("it is stored")
    }

    async fn log(&self, id: JobId) -> Vec<String> {
        let lines = self.yard.log(id, None, 10).await.expect("it is stored");
        lines.into_iter().map(|line| line.text).collect()
    }

    /// Returns when so many jobs have asked for a value that was not there.
    async fn until_asked(&self, jobs: u64) {
        while self.yard.services().cache.status().await.expect("it runs").misses < jobs {
            tokio::task::yield_now().await;
        }
    }
}

fn count(what: &str) -> JobBuilder {
    Count::job(CountArgs { what: what.to_owned(), fails: 0 })
}

fn result(detail: &JobDetail) -> (Option<Value>, Option<u64>) {
    assert_eq!(detail.job.state, JobState::Completed, "{detail:?}");
    (detail.result.clone(), detail.reused.map(|id| id.0))
}

#[actix_web::test]
async fn of_a_hundred_equal_jobs_one_does_the_work() {
    let setup = Setup::new(0).await;
    let jobs = (0..JOBS).map(|_| count("sun").into_new_job().expect("a job")).collect();
    let ids = setup.yard.add_many(jobs).await.expect("good jobs");
    setup.until_asked(JOBS as u64).await;
    setup.count.permits.add_permits(JOBS);
    setup.yard.drain().await;
    assert_eq!((setup.runs(), ids.len()), (1, JOBS));
    let mut workers = Vec::new();
    for id in ids {
        let detail = setup.detail(id).await;
        assert_eq!((detail.job.state, detail.result), (JobState::Completed, Some(json!(1))));
        assert_eq!(detail.artifacts.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), ["what.txt"]);
        workers.push(detail.reused.unwrap_or(id));
    }
    workers.dedup();
    assert_eq!(workers.len(), 1, "{workers:?}");
    setup.yard.stop().await;
}

#[actix_web::test]
async fn only_equal_jobs_that_both_allow_it_share_a_result() {
    let setup = Setup::new(JOBS).await;
    let own = |job: JobBuilder| job.cache_for(Duration::ZERO);
    assert_eq!(result(&setup.ended(own(count("sun"))).await), (Some(json!(1)), None));
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(2)), None));
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(2)), Some(2)));
    assert_eq!(result(&setup.ended(own(count("sun"))).await), (Some(json!(3)), None));
    assert_eq!(result(&setup.ended(count("moon")).await), (Some(json!(4)), None));
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(2)), Some(2)));
    setup.yard.stop().await;
}

#[actix_web::test]
async fn a_result_is_as_good_as_new_for_as_long_as_both_jobs_say() {
    let setup = Setup::new(JOBS).await;
    setup.ended(count("sun")).await;
    setup.yard.advance(9 * MINUTE).await;
    let taken = setup.ended(count("sun")).await;
    assert_eq!(result(&taken), (Some(json!(1)), Some(1)));
    assert_eq!(setup.log(taken.job.id).await, ["took the result of job 1, which ended 9 min ago"]);
    // One that wants it fresher does the work, and so renews it for the others.
    assert_eq!(result(&setup.ended(count("sun").cache_for(9 * MINUTE)).await), (Some(json!(2)), None));
    setup.yard.advance(8 * MINUTE).await;
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(2)), Some(3)));
    setup.yard.advance(MINUTE).await;
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(3)), None));
    setup.yard.stop().await;
}

#[actix_web::test]
async fn a_result_whose_file_is_gone_is_made_anew() {
    let setup = Setup::new(JOBS).await;
    let made = setup.ended(count("sun")).await;
    let file = setup.yard.files().path(&made.artifacts[0].sha256).expect("a sum");
    fs::remove_file(&file).expect("it was there");
    let anew = setup.ended(count("sun")).await;
    assert_eq!((result(&anew), file.exists()), ((Some(json!(2)), None), true));
    assert_eq!(result(&setup.ended(count("sun")).await), (Some(json!(2)), Some(2)));
    setup.yard.stop().await;
}

#[actix_web::test]
async fn a_failure_is_not_kept_and_the_next_one_does_the_work() {
    let setup = Setup::new(0).await;
    let ids = [setup.add(unlucky()).await, setup.add(unlucky()).await, setup.add(unlucky()).await];
    setup.until_asked(3).await;
    setup.count.permits.add_permits(JOBS);
    setup.yard.drain().await;
    let mut states = Vec::new();
    for id in ids {
        states.push(setup.detail(id).await.job.state);
    }
    states.sort_unstable();
    assert_eq!(states, [JobState::Completed, JobState::Completed, JobState::Failed]);
    assert_eq!(setup.runs(), 2);
    setup.yard.stop().await;
}

fn unlucky() -> JobBuilder {
    Count::job(CountArgs { what: "sun".to_owned(), fails: 1 })
}

#[actix_web::test]
async fn a_job_that_waits_for_another_ones_result_can_be_cancelled() {
    let setup = Setup::new(0).await;
    let works = setup.add(count("sun")).await;
    setup.until_asked(1).await;
    let waits = setup.add(count("sun")).await;
    setup.until_asked(2).await;
    assert!(setup.yard.cancel(waits).await.expect("it is stored"));
    setup.count.permits.add_permits(1);
    setup.yard.drain().await;
    assert_eq!(setup.detail(waits).await.job.state, JobState::Cancelled);
    assert_eq!(result(&setup.detail(works).await), (Some(json!(1)), None));
    setup.yard.stop().await;
}

#[actix_web::test]
async fn a_panic_of_the_cache_fails_no_job() {
    let setup = Setup::new(0).await;
    let jobs = (0..JOBS).map(|_| count("sun").into_new_job().expect("a job")).collect();
    let ids = setup.yard.add_many(jobs).await.expect("good jobs");
    setup.until_asked(JOBS as u64 / 2).await;
    let told = CacheActor::from_registry().send(Panic).await.expect("an answer");
    assert!(told.is_err());
    setup.count.permits.add_permits(JOBS);
    setup.yard.drain().await;
    for id in ids {
        assert_eq!(setup.detail(id).await.job.state, JobState::Completed);
    }
    // The one that was at work, and the first of those that asked again.
    assert!((1..=2).contains(&setup.runs()), "{}", setup.runs());
    setup.yard.stop().await;
}

#[test]
fn the_age_of_a_result_is_told_in_units_that_matter() {
    let table = [
        (0, "has just ended"),
        (999, "has just ended"),
        (40_123, "ended 40 s ago"),
        (61_999, "ended 61 s ago"),
        (150_000, "ended 2 min ago"),
        (3_700_000, "ended 61 min ago"),
        (9_000_000, "ended 2 h ago"),
    ];
    for (age_ms, text) in table {
        assert_eq!(when_it_ended(age_ms), format!("which {text}"));
    }
}
