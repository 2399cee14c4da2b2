//! SIGTERM: what runs may finish, what does not is given back.

use std::time::Duration;

use anyhow::Result;
use taskyard_shared::event::ServerFrame;
use taskyard_shared::job::{AttemptOutcome, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::patience::STOP;
use taskyard_tests::tab::Tab;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::PROGRAM;

#[tokio::test]
async fn a_stop_lets_running_jobs_finish_and_starts_no_other() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut tab = Tab::open(yard.address()).await?;
    let running = api.add(&TestArgs::default().ms(700).job()).await?;
    let waiting = api.add(&TestArgs::default().job()).await?;
    api.job_when(running, JobState::Processing).await?;
    yard.ask_to_stop()?;
    assert!(matches!(tab.frame().await?, ServerFrame::Stopping {}), "tabs are told");
    assert_eq!(yard.wait_for_exit(STOP)?.code(), Some(0));

    yard.restart()?;
    let api = Api::new(yard.address());
    let finished = api.job(running).await?;
    assert_eq!((finished.job.state, finished.attempts.len()), (JobState::Completed, 1));
    let ran = api.job_when(waiting, JobState::Completed).await?;
    let [attempt] = &ran.attempts[..] else { panic!("not one attempt: {ran:?}") };
    assert!(attempt.started_at_ms > finished.attempts[0].ended_at_ms.unwrap_or(i64::MAX));
    Ok(())
}

#[tokio::test]
async fn a_job_that_does_not_end_by_the_deadline_is_given_back_and_runs_again() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default().set("shutdown.deadline_s", 1))?;
    let api = Api::new(yard.address());
    let stopped = yard.path("stopped");
    let endless = api.add(&TestArgs::new(Does::Hang).file(&stopped).job()).await?;
    api.job_when(endless, JobState::Processing).await?;
    yard.ask_to_stop()?;
    assert_eq!(yard.wait_for_exit(STOP)?.code(), Some(0));
    assert!(stopped.exists(), "its work was told to stop");

    yard.restart()?;
    let again = Api::new(yard.address()).job_when(endless, JobState::Processing).await?;
    assert_eq!(again.attempts.len(), 2);
    assert_eq!(again.attempts[0].outcome, Some(AttemptOutcome::Lost));
    Ok(())
}

#[tokio::test]
async fn work_that_cannot_be_stopped_does_not_hold_the_stop_up() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default().set("shutdown.deadline_s", 1))?;
    let api = Api::new(yard.address());
    let stubborn = api.add(&TestArgs::new(Does::Block).file(yard.path("never")).job()).await?;
    api.job_when(stubborn, JobState::Processing).await?;
    yard.ask_to_stop()?;
    assert_eq!(yard.wait_for_exit(Duration::from_secs(20))?.code(), Some(0));
    yard.restart()?;
    let again = Api::new(yard.address()).job_when(stubborn, JobState::Processing).await?;
    assert_eq!(again.attempts[0].outcome, Some(AttemptOutcome::Lost));
    Ok(())
}
