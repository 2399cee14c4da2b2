//! The harness does what it says, and fails where a test should.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use taskyard_shared::command::Command;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::log::LogLevel;

use super::{Bench, TestYard, perform};
use crate::Yard;
use crate::kinds::{JobContext, JobError, JobResult, Label, Worker};

const MINUTE: Duration = Duration::from_secs(60);

/// Adds a job for each page, and fails its first attempt behind that.
#[derive(Clone)]
struct Crawl;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CrawlArgs {
    #[schemars(length(max = 10))]
    pages: Vec<String>,
}

impl Worker for Crawl {
    const KIND: &'static str = "crawl";
    const DESCRIPTION: &'static str = "Fetches pages.";
    type Args = CrawlArgs;

    fn label(&self, _: &CrawlArgs) -> Label {
        Label::default()
    }

    async fn perform(&self, args: CrawlArgs, ctx: JobContext) -> JobResult {
        for page in &args.pages {
            ctx.add_once(page, Fetch::job(FetchArgs { page: format!("{page} {}", ctx.attempt()) })).await?;
        }
        ctx.add(Fetch::job(FetchArgs { page: format!("index {}", ctx.attempt()) })).await?;
        ctx.progress(0.5);
        ctx.info("one\ntwo");
        let list = args.pages.join("\n");
        let kept =
            ctx.blocking(move |ctx| ctx.keep_artifact("list.txt", "text/plain", list.as_bytes())).await?;
        match ctx.attempt() {
            1 => Err(JobError::new("the first one fails")),
            _ => Ok(json!(kept.bytes)),
        }
    }
}

#[derive(Clone)]
struct Fetch;

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FetchArgs {
    page: String,
}

impl Worker for Fetch {
    const KIND: &'static str = "fetch";
    const DESCRIPTION: &'static str = "Fetches a page.";
    type Args = FetchArgs;

    fn label(&self, args: &FetchArgs) -> Label {
        Label { name: args.page.clone(), detail: String::new() }
    }

    async fn perform(&self, _: FetchArgs, _: JobContext) -> JobResult {
        Ok(().into())
    }
}

fn crawl() -> CrawlArgs {
    CrawlArgs { pages: vec!["a".to_owned(), "b".to_owned()] }
}

async fn yard() -> TestYard {
    TestYard::start(Yard::builder().worker(Crawl).worker(Fetch)).await.unwrap()
}

#[actix_web::test]
async fn a_retried_job_adds_once_what_is_to_be_added_once() {
    let yard = yard().await;
    let id = yard.add(Crawl::job(crawl())).await.unwrap();
    let ran = yard.drain().await;
    assert_eq!(ran.len(), 4, "{ran:?}");
    assert_eq!(
        (ran[0].id.max(id), ran.iter().filter(|ran| ran.kind == "fetch").count()),
        (ran[0].id.max(id), 3)
    );
    let failed = ran.iter().find(|ran| ran.id == id).unwrap();
    assert_eq!((failed.state, failed.error.as_deref()), (JobState::Scheduled, Some("the first one fails")));

    let later = yard.advance(MINUTE).await;
    let kinds: Vec<_> = later.iter().map(|ran| (ran.kind.as_str(), ran.attempt, ran.state)).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(
        kinds.contains(&("crawl", 2, JobState::Completed))
            && kinds.contains(&("fetch", 1, JobState::Completed))
    );
    let pages: Vec<_> = yard.added::<Fetch>().await.into_iter().map(|added| added.args.page).collect();
    assert_eq!(pages, ["a 1", "b 1", "index 1", "index 2"]);
    yard.assert_added::<Fetch>(|args| args.page == "b 1").await;
    yard.assert_not_added::<Fetch>(|args| args.page == "b 2").await;
    yard.stop().await;
}

#[actix_web::test]
#[should_panic(expected = "no such job of kind \"fetch\" was added; there are job 1: {\"page\":\"a\"}")]
async fn an_assertion_that_fails_lists_what_was_added() {
    let yard = yard().await;
    yard.add(Fetch::job(FetchArgs { page: "a".to_owned() })).await.unwrap();
    yard.assert_added::<Fetch>(|args| args.page == "b").await;
}

#[actix_web::test]
async fn what_is_due_on_the_way_runs_at_its_time() {
    let yard = yard().await;
    let schedule = json!({
        "type": "set_schedule",
        "schedule": {
            "name": "hourly", "cron": "0 * * * *", "zone": "UTC",
            "job": { "kind": "fetch", "args": { "page": "news" } },
        },
    });
    let schedule: Command = serde_json::from_value(schedule).unwrap();
    yard.execute(schedule).await.unwrap();
    let started = yard.now_ms();
    let ran = yard.advance(3 * 60 * MINUTE).await;
    assert_eq!(ran.len(), 3, "{ran:?}");
    assert_eq!(yard.now_ms() - started, 3 * 3_600_000);
    let starts: Vec<_> =
        yard.added::<Fetch>().await.iter().map(|added| added.job.job.created_at_ms - started).collect();
    assert_eq!(starts, [3_600_000, 7_200_000, 10_800_000]);
    yard.stop().await;
}

#[actix_web::test]
async fn a_worker_by_itself_tells_what_it_did() {
    let first = perform(Crawl, crawl()).await;
    assert_eq!(first.result.unwrap_err().message, "the first one fails");
    let bench = Bench::new();
    let second = bench.perform(Crawl, crawl(), 2).await;
    assert_eq!(second.result.unwrap(), json!(3));
    assert_eq!(second.progress, [0.5]);
    assert_eq!(second.log, [(LogLevel::Info, "one".to_owned()), (LogLevel::Info, "two".to_owned())]);
    assert_eq!(bench.content(&second.artifacts[0]), b"a\nb");
    let added: Vec<_> =
        second.added.iter().map(|job| (job.kind.as_str(), job.args["page"].clone())).collect();
    assert_eq!(added, [("fetch", json!("a 2")), ("fetch", json!("b 2")), ("fetch", json!("index 2"))]);
}

#[actix_web::test]
#[should_panic(expected = "the job is refused")]
async fn a_worker_is_not_performed_with_arguments_that_a_yard_would_refuse() {
    perform(Crawl, CrawlArgs { pages: vec![String::new(); 11] }).await;
}

#[actix_web::test]
async fn jobs_built_from_code_carry_what_was_said() {
    let yard = yard().await;
    let at = std::time::UNIX_EPOCH + Duration::from_millis(yard.now_ms() as u64 + 90_500);
    let fetch = || Fetch::job(FetchArgs { page: "a".to_owned() });
    let id = yard
        .add(fetch().queue("slow").priority(7).run_at(at).max_attempts(2).timeout(MINUTE).unique_by("a"))
        .await
        .unwrap();
    assert_eq!(yard.add(fetch().unique_by("a")).await.unwrap(), id);
    let job = yard.job(id).await.unwrap();
    assert_eq!((job.job.queue.as_str(), job.job.priority, job.job.max_attempts), ("slow", 7, 2));
    assert_eq!(job.job.run_at_ms, Some(yard.now_ms() + 90_500));
    let wrong = yard.add(fetch().priority(1_000).delay(MINUTE).run_at(at)).await.unwrap_err();
    let fields: Vec<_> = wrong.fields.iter().map(|field| field.field.as_str()).collect();
    assert!(fields.contains(&"$priority") && fields.len() == 2, "{wrong:?}");
    assert_eq!(yard.advance(2 * MINUTE).await.iter().map(|ran| ran.id).collect::<Vec<_>>(), [id]);
    assert_eq!(id, JobId(1));
    yard.stop().await;
}
