//! Cancel, and what it must not do: free a slot too early, or let late work change what was decided.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::{AttemptOutcome, JobId, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::patience::eventually;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::assert_problem;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
const WORK: Duration = Duration::from_secs(20);

/// A queue of one slot, whose job was cancelled and works on until a file is there; another job waits.
struct Cancelled {
    yard: FragileYard,
    api: Api,
    go_on: PathBuf,
    stubborn: JobId,
    next: JobId,
}

async fn cancelled_and_still_at_work() -> Result<Cancelled> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let stubborn = api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?;
    let next = api.add(&TestArgs::default().job()).await?;
    api.job_when(stubborn, JobState::Processing).await?;
    api.post(&format!("/api/v1/jobs/{stubborn}/cancel"), &json!({})).await?;
    Ok(Cancelled { yard, api, go_on, stubborn, next })
}

#[tokio::test]
async fn cancel_answers_done_not_found_or_already_finished() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let stopped = yard.path("stopped");
    let running = api.add(&TestArgs::new(Does::Hang).file(&stopped).job()).await?;
    let waiting = api.add(&TestArgs::default().job()).await?;
    api.job_when(running, JobState::Processing).await?;

    let done: Value = api.post(&format!("/api/v1/jobs/{waiting}/cancel"), &json!({})).await?.json()?;
    assert_eq!(done, json!({ "type": "job_cancelled", "id": waiting, "was_running": false }));
    let done: Value = api.post(&format!("/api/v1/jobs/{running}/cancel"), &json!({})).await?.json()?;
    assert_eq!(done, json!({ "type": "job_cancelled", "id": running, "was_running": true }));
    eventually(WORK, async || Ok(stopped.exists().then_some(()))).await?;

    assert_problem(&api.post("/api/v1/jobs/999/cancel", &json!({})).await?, 404, "not_found");
    for finished in [waiting, running] {
        let answer = api.post(&format!("/api/v1/jobs/{finished}/cancel"), &json!({})).await?;
        assert_problem(&answer, 409, "already_finished");
    }
    Ok(())
}

#[tokio::test]
async fn cancelled_job_frees_its_slot_only_when_its_work_has_ended_and_stays_cancelled() -> Result<()> {
    let Cancelled { yard: _yard, api, go_on, stubborn, next } = cancelled_and_still_at_work().await?;

    let queue = api.queue("test").await?;
    assert_eq!((queue.stopping, queue.counts.processing, queue.counts.cancelled), (1, 0, 1));
    // Another queue does a whole job meanwhile: this one could have, if its slot were free.
    let elsewhere = api.add(&TestArgs::default().job_in("elsewhere")).await?;
    api.job_when(elsewhere, JobState::Completed).await?;
    assert_eq!(api.job(next).await?.job.state, JobState::Pending);

    make_file(&go_on)?;
    api.job_when(next, JobState::Completed).await?;
    let late = api.job(stubborn).await?;
    assert_eq!(
        (late.job.state, late.result),
        (JobState::Cancelled, None),
        "its late result counts for nothing"
    );
    assert_eq!(late.attempts[0].outcome, Some(AttemptOutcome::Cancelled));
    assert_eq!(api.queue("test").await?.stopping, 0);
    Ok(())
}

#[tokio::test]
async fn cancel_then_clear_while_the_work_goes_on_harms_nothing() -> Result<()> {
    let Cancelled { yard: _yard, api, go_on, next, .. } = cancelled_and_still_at_work().await?;
    api.post("/api/v1/jobs/clear", &json!({})).await?;
    // It goes on reporting progress, every few milliseconds, for as long as a whole job takes elsewhere.
    let elsewhere = api.add(&TestArgs::default().ms(300).job_in("elsewhere")).await?;
    api.job_when(elsewhere, JobState::Completed).await?;
    make_file(&go_on)?;
    api.job_when(next, JobState::Completed).await?;
    assert_eq!(api.metric("taskyard_part_failures_recent").await?, 0);
    assert_eq!(api.queue("test").await?.stopping, 0);
    Ok(())
}

#[tokio::test]
async fn a_failed_job_is_retried_and_a_completed_one_is_not() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let failing = api.add(&TestArgs::new(Does::Fail).job()).await?;
    let good = api.add(&TestArgs::default().job()).await?;
    let failed = api.job_when(failing, JobState::Failed).await?;
    assert_eq!(failed.error.as_deref(), Some("it was told to fail"));
    api.job_when(good, JobState::Completed).await?;

    let retried: Value = api.post(&format!("/api/v1/jobs/{failing}/retry"), &json!({})).await?.json()?;
    assert_eq!(retried, json!({ "type": "job_retried", "id": failing }));
    let twice = async || {
        let detail = api.job(failing).await?;
        Ok((detail.job.state == JobState::Failed && detail.attempts.len() == 2).then_some(()))
    };
    eventually(WORK, twice).await?;
    let answer = api.post(&format!("/api/v1/jobs/{good}/retry"), &json!({})).await?;
    assert_problem(&answer, 409, "wrong_state");
    Ok(())
}
