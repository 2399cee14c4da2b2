//! Requests that are made again, and jobs that there may be only one of.

use anyhow::{Context, Result};
use futures_util::future::join_all;
use serde_json::{Value, json};
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{NewJob, OnConflict, Unique};
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::test_worker::TestArgs;

use crate::ending::{End, start};

const JOBS: &str = "/api/v1/jobs";

fn unique(key: &str, period_ms: Option<u64>, on_conflict: OnConflict, note: &str) -> NewJob {
    let unique = Unique { key: Some(key.to_owned()), period_ms, states: None, on_conflict };
    NewJob { unique: Some(unique), ..TestArgs::default().note(note).job() }
}

fn id(answer: &Answer) -> Result<JobId> {
    let id = answer.json::<Value>()?["id"].clone();
    serde_json::from_value(id).with_context(|| format!("no id in {}", answer.text()))
}

#[tokio::test]
async fn unique_keys_are_kept_after_a_kill() -> Result<()> {
    unique_keys_are_kept(End::Killed).await
}

#[tokio::test]
async fn unique_keys_are_kept_after_a_stop() -> Result<()> {
    unique_keys_are_kept(End::Stopped).await
}

async fn unique_keys_are_kept(end: End) -> Result<()> {
    use OnConflict::{Existing, Reject, Replace};
    const HOUR_MS: Option<u64> = Some(3_600_000);
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let done = api.add(&unique("for an hour", HOUR_MS, Reject, "done")).await?;
    let over = api.add(&unique("once at a time", None, Reject, "over")).await?;
    for job in [done, over] {
        api.job_when(job, JobState::Completed).await?;
    }
    assert_eq!(api.patch("/api/v1/queues/test", &json!({ "paused": true })).await?.status, 200);
    let waiting = api.add(&unique("waiting", None, Reject, "first")).await?;

    let api = end.and_back(&mut yard)?;
    for (key, period, on_conflict, status, same) in [
        ("waiting", None, Reject, 409, None),
        ("waiting", None, Existing, 200, Some(waiting)),
        ("waiting", None, Replace, 200, Some(waiting)),
        ("for an hour", HOUR_MS, Reject, 409, None),
        ("for an hour", HOUR_MS, Existing, 200, Some(done)),
        ("once at a time", None, Reject, 201, None),
    ] {
        let job = unique(key, period, on_conflict, "second");
        let answer = api.post(JOBS, &json!(job)).await?;
        assert_eq!(answer.status, status, "{key} {on_conflict:?}: {}", answer.text());
        if let Some(same) = same {
            assert_eq!(id(&answer)?, same, "{key} {on_conflict:?}");
        }
    }
    assert_eq!(api.job(waiting).await?.args["note"], "second", "it was replaced");
    assert_eq!(api.counts().await?.total(), 4);
    Ok(())
}

#[tokio::test]
async fn requests_made_again_are_answered_as_before_after_a_kill() -> Result<()> {
    requests_made_again_are_answered_as_before(End::Killed).await
}

#[tokio::test]
async fn requests_made_again_are_answered_as_before_after_a_stop() -> Result<()> {
    requests_made_again_are_answered_as_before(End::Stopped).await
}

async fn requests_made_again_are_answered_as_before(end: End) -> Result<()> {
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let one = json!(TestArgs::default().note("one").job());
    let three = json!({ "jobs": vec![TestArgs::default().note("three").job(); 3], "batch": "three" });
    let requests = [(JOBS, "key-1", &one), ("/api/v1/jobs/bulk", "key-2", &three)];
    let mut answers = Vec::new();
    for (path, key, body) in requests {
        answers.push(api.post_once(path, key, body).await?);
    }
    api.until_idle().await?;

    let api = end.and_back(&mut yard)?;
    for ((path, key, body), before) in requests.into_iter().zip(answers) {
        let again = api.post_once(path, key, body).await?;
        assert_eq!((again.status, again.text()), (before.status, before.text()), "{path}");
        assert_eq!(again.header("location"), before.header("location"));
    }
    let other = json!(TestArgs::default().note("another").job());
    assert_eq!(api.post_once(JOBS, "key-1", &other).await?.status, 409);
    assert_eq!(api.counts().await?.total(), 4);
    Ok(())
}

/// Whether the answer came or not: made again, each request is done once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_cut_off_by_a_kill_are_done_once_when_made_again() -> Result<()> {
    const REQUESTS: usize = 200;
    let mut yard = start()?;
    let address = yard.address().to_owned();
    let request = |api: Api, number: usize| async move {
        let body = json!(TestArgs::default().note(format!("job {number}")).job());
        let answer = api.post_once(JOBS, &format!("key-{number}"), &body).await?;
        anyhow::ensure!(answer.status == 201, "{}", answer.text());
        id(&answer)
    };
    let (answered, mut first) = tokio::sync::mpsc::channel(REQUESTS);
    let requests: Vec<_> = (0..REQUESTS)
        .map(|number| {
            let (api, answered) = (Api::new(&address), answered.clone());
            tokio::spawn(async move {
                let id = request(api, number).await;
                // Whoever waits for the first answers waits no longer for these.
                let _ = answered.try_send(());
                id
            })
        })
        .collect();
    for _ in 0..REQUESTS / 10 {
        first.recv().await.context("no answers")?;
    }
    yard.kill9()?;
    let before: Vec<Option<JobId>> =
        join_all(requests).await.into_iter().map(|asked| asked.ok().and_then(Result::ok)).collect();
    yard.restart()?;
    let api = Api::new(yard.address());
    for (number, before) in before.iter().enumerate() {
        let again = request(api.clone(), number).await?;
        assert!(
            before.is_none_or(|before| before == again),
            "request {number} was answered {before:?}, then {again}"
        );
    }
    let mut names: Vec<String> = api.all_jobs().await?.into_iter().map(|job| job.name).collect();
    names.sort_unstable();
    let mut expected: Vec<String> = (0..REQUESTS).map(|number| format!("job {number}")).collect();
    expected.sort_unstable();
    assert_eq!(names, expected);
    let unanswered = before.iter().filter(|before| before.is_none()).count();
    taskyard_tests::notes::note(&format!("{unanswered} of {REQUESTS} requests got no answer the first time"));
    Ok(())
}
