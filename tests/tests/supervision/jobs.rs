//! A job that fails is that job's failed attempt, and nothing else.

use anyhow::Result;
use taskyard_shared::job::{AttemptOutcome, JobState};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::PROGRAM;

#[tokio::test]
async fn a_panic_in_a_job_is_its_failed_attempt_and_nothing_else() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let panics = api.add(&TestArgs::new(Does::Panic).job()).await?;
    let next = api.add(&TestArgs::default().job()).await?;
    let failed = api.job_when(panics, JobState::Failed).await?;
    assert_eq!(failed.error.as_deref(), Some("panicked: it was told to panic"));
    assert_eq!(failed.attempts.len(), 1);
    assert_eq!(failed.attempts[0].outcome, Some(AttemptOutcome::Failed));
    api.job_when(next, JobState::Completed).await?;
    assert_eq!(api.metric("taskyard_part_failures_recent").await?, 0, "no part has failed");
    Ok(())
}

#[tokio::test]
async fn a_job_that_kills_the_process_again_and_again_is_failed_and_the_others_run() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    // Late enough for the acknowledgement to arrive.
    let fatal = Api::new(yard.address()).add(&TestArgs::new(Does::Abort).ms(300).job()).await?;
    for _ in 0..3 {
        let status = yard.wait_for_exit(std::time::Duration::from_secs(20))?;
        assert_eq!(status.code(), None, "a signal ended it");
        yard.restart()?;
    }
    let api = Api::new(yard.address());
    let failed = api.job_when(fatal, JobState::Failed).await?;
    let outcomes: Vec<_> = failed.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [Some(AttemptOutcome::Lost); 3]);
    assert!(failed.error.is_some_and(|error| error.len() > 10), "it says why");
    let next = api.add(&TestArgs::default().job()).await?;
    api.job_when(next, JobState::Completed).await?;
    Ok(())
}
