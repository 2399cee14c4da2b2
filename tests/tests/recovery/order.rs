//! Jobs that wait for others: nothing runs early, and everything runs.

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{AttemptOutcome, JobId, JobState};
use taskyard_shared::new_job::{AddMode, After, NewJob, NewJobs, OnFailure};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::make_file;
use taskyard_tests::patience::eventually;
use taskyard_tests::record::{self, What};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::ending::{End, WORK, completed_from, outcomes, start};

/// Wide enough for everything that may run together.
const QUEUE: &str = "wide";

async fn widen(api: &Api) -> Result<()> {
    // The first job makes the queue.
    let first = api.add(&TestArgs::default().job_in(QUEUE)).await?;
    api.job_when(first, JobState::Completed).await?;
    let change = json!({ "concurrency": 8 });
    assert_eq!(api.patch(&format!("/api/v1/queues/{QUEUE}"), &change).await?.status, 200);
    Ok(())
}

fn several(jobs: Vec<NewJob>) -> NewJobs {
    NewJobs { jobs, mode: AddMode::AllOrNothing, batch: None, then: None, chain: false }
}

async fn states(api: &Api, jobs: &[JobId]) -> Result<Vec<JobState>> {
    let mut states = Vec::new();
    for job in jobs {
        states.push(api.job(*job).await?.job.state);
    }
    Ok(states)
}

/// Every attempt of `later` began after `earlier` had ended.
async fn assert_after(api: &Api, later: JobId, earlier: JobId) -> Result<()> {
    let (later, earlier) = (api.job(later).await?, api.job(earlier).await?);
    let ended_ms = earlier.job.finished_at_ms.context("it has not ended")?;
    assert!(later.attempts.iter().all(|attempt| attempt.started_at_ms >= ended_ms), "{later:?} {earlier:?}");
    Ok(())
}

#[tokio::test]
async fn a_chain_goes_on_in_its_order_after_a_kill() -> Result<()> {
    a_chain_goes_on_in_its_order(End::Killed).await
}

#[tokio::test]
async fn a_chain_goes_on_in_its_order_after_a_stop() -> Result<()> {
    a_chain_goes_on_in_its_order(End::Stopped).await
}

async fn a_chain_goes_on_in_its_order(end: End) -> Result<()> {
    use JobState::{Completed, Processing, Waiting};
    let mut yard = start()?;
    let api = Api::new(yard.address());
    widen(&api).await?;
    let (go_on, record) = (yard.path("go-on"), yard.path("record"));
    let link = |does| TestArgs::new(does).file(&go_on).record(&record).key("-").job_in(QUEUE);
    let links = [Does::Succeed, Does::Block, Does::Succeed, Does::Succeed].map(link);
    let chain = api.add_all(&NewJobs { chain: true, ..several(links.into()) }).await?;
    api.job_when(chain[1], Processing).await?;
    assert_eq!(states(&api, &chain).await?, [Completed, Processing, Waiting, Waiting]);

    let api = end.and_back(&mut yard)?;
    api.job_when(chain[1], Processing).await?;
    assert_eq!(states(&api, &chain).await?, [Completed, Processing, Waiting, Waiting]);
    make_file(&go_on)?;
    api.job_when(chain[3], Completed).await?;
    assert_eq!(states(&api, &chain).await?, [Completed; 4]);
    let seen = record::read(&record)?;
    assert_eq!(record::most_together(&seen), 1);
    let began: Vec<JobId> =
        seen.iter().filter(|entry| entry.what == What::Begins).map(|entry| entry.job).collect();
    assert_eq!(began, [chain[0], chain[1], chain[1], chain[2], chain[3]]);
    Ok(())
}

#[tokio::test]
async fn a_graph_goes_on_and_nothing_runs_early_after_a_kill() -> Result<()> {
    a_graph_goes_on_and_nothing_runs_early(End::Killed).await
}

#[tokio::test]
async fn a_graph_goes_on_and_nothing_runs_early_after_a_stop() -> Result<()> {
    a_graph_goes_on_and_nothing_runs_early(End::Stopped).await
}

fn named(name: &str, args: TestArgs, after: &[&str], on_failure: OnFailure) -> NewJob {
    let after = after.iter().map(|name| After::Ref((*name).to_owned())).collect();
    NewJob { name: Some(name.to_owned()), after, on_failure, ..args.note(name).job_in(QUEUE) }
}

async fn a_graph_goes_on_and_nothing_runs_early(end: End) -> Result<()> {
    use JobState::{Cancelled, Completed, Failed, Processing, Waiting};
    let mut yard = start()?;
    let api = Api::new(yard.address());
    widen(&api).await?;
    let go_on = yard.path("go-on");
    let quick = TestArgs::default;
    let fails_once = TestArgs { fail_first: 1, ..quick() };
    let graph = api
        .add_all(&several(vec![
            named("root", quick(), &[], OnFailure::Stop),
            named("slow", TestArgs::new(Does::Block).file(&go_on), &["root"], OnFailure::Stop),
            named("quick", quick(), &["root"], OnFailure::Stop),
            named("both", quick(), &["slow", "quick"], OnFailure::Stop),
            named("fails", fails_once, &["root"], OnFailure::Stop),
            named("blocked", quick(), &["fails", "quick"], OnFailure::Stop),
            named("given up", quick(), &["fails"], OnFailure::Cancel),
            named("all the same", quick(), &["fails", "slow"], OnFailure::Continue),
        ]))
        .await?;
    let [root, slow, quick, both, fails, blocked, given_up, all_the_same] = graph[..] else {
        panic!("not eight jobs: {graph:?}")
    };
    let halfway = [Completed, Processing, Completed, Waiting, Failed, Waiting, Cancelled, Waiting];
    eventually(WORK, async || Ok((states(&api, &graph).await? == halfway).then_some(()))).await?;

    let api = end.and_back(&mut yard)?;
    api.job_when(slow, Processing).await?;
    assert_eq!(states(&api, &graph).await?, halfway);
    assert_eq!(api.post(&format!("/api/v1/jobs/{fails}/retry"), &json!({})).await?.status, 200);
    api.job_when(blocked, Completed).await?;
    assert_eq!(states(&api, &[both, all_the_same]).await?, [Waiting; 2]);
    make_file(&go_on)?;
    for job in [both, all_the_same] {
        api.job_when(job, Completed).await?;
    }
    assert_eq!(api.job(given_up).await?.job.state, Cancelled);
    for (later, earlier) in [
        (slow, root),
        (quick, root),
        (both, slow),
        (both, quick),
        (blocked, fails),
        (all_the_same, slow),
        (all_the_same, fails),
    ] {
        assert_after(&api, later, earlier).await?;
    }
    assert_eq!(api.until_idle().await?.completed, 8, "with the one that made the queue");
    Ok(())
}

#[tokio::test]
async fn a_batch_goes_on_and_its_last_job_runs_once_after_a_kill() -> Result<()> {
    a_batch_goes_on_and_its_last_job_runs_once(End::Killed).await
}

#[tokio::test]
async fn a_batch_goes_on_and_its_last_job_runs_once_after_a_stop() -> Result<()> {
    a_batch_goes_on_and_its_last_job_runs_once(End::Stopped).await
}

async fn a_batch_goes_on_and_its_last_job_runs_once(end: End) -> Result<()> {
    let mut yard = start()?;
    let api = Api::new(yard.address());
    widen(&api).await?;
    let go_on = yard.path("go-on");
    let job = |does| TestArgs::new(does).file(&go_on).job_in(QUEUE);
    let jobs = [Does::Succeed, Does::Fail, Does::Block, Does::Succeed, Does::Block].map(job);
    let then = Some(Box::new(TestArgs::default().note("then").job_in(QUEUE)));
    let batch = NewJobs { batch: Some("five".to_owned()), then, ..several(jobs.into()) };
    let jobs = api.add_all(&batch).await?;
    let (then, five) = jobs.split_last().context("no jobs")?;
    let path = format!("/api/v1/batches/{}", BatchId(jobs[0].0));
    let halfway = async |api: &Api| {
        eventually(WORK, async || {
            let batch: BatchStatus = api.get(&path).await?.json()?;
            let counts = batch.counts;
            Ok((counts.processing == 2 && counts.completed == 2 && counts.failed == 1).then_some(batch))
        })
        .await
    };
    let before = halfway(&api).await?;
    assert_eq!(api.job(*then).await?.job.state, JobState::Waiting);

    let api = end.and_back(&mut yard)?;
    assert_eq!(halfway(&api).await?, before);
    assert_eq!(api.job(*then).await?.job.state, JobState::Waiting);
    make_file(&go_on)?;
    let last = api.job_when(*then, JobState::Completed).await?;
    assert_eq!(outcomes(&last), [AttemptOutcome::Completed]);
    for job in five {
        let ended_ms = api.job(*job).await?.job.finished_at_ms.context("it has not ended")?;
        assert!(completed_from(&last)? >= ended_ms, "it runs when all have ended");
    }
    Ok(())
}
