//! Coming back after the connection was lost.

use anyhow::Result;
use taskyard_shared::job::JobState;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::tab::{Tab, newest};
use taskyard_tests::test_worker::TestArgs;

use crate::PROGRAM;

#[tokio::test]
async fn a_tab_that_comes_back_gets_what_it_missed_and_no_more() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut other = Tab::open(yard.address()).await?;
    let mut before = Tab::open(yard.address()).await?;
    let view = before.watch(newest(20)).await?;
    let seen = other.add(TestArgs::default().job()).await?;
    before.job_when(view, seen, JobState::Completed).await?;

    // `before` reads no more, and is gone for the server when it is dropped.
    let mut after = Tab::open(yard.address()).await?;
    let missed = other.add(TestArgs::default().job()).await?;
    let resumed = after.resume(&before, view).await?;
    drop(before);
    after.job_when(resumed, missed, JobState::Completed).await?;
    assert_eq!(after.view(resumed).snapshots, 1, "that of the time before");
    assert_eq!(after.view(resumed).window().map(|window| window.rows.len()), Some(2));
    Ok(())
}

#[tokio::test]
async fn a_tab_that_missed_too_much_gets_a_snapshot() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut other = Tab::open(yard.address()).await?;
    let mut before = Tab::open(yard.address()).await?;
    let view = before.watch(newest(20)).await?;
    // Far more than a server remembers, 128 KiB: each of these is in a frame at least.
    let shown = other.watch(newest(20)).await?;
    let mut last = None;
    for _ in 0..300 {
        let id = other.add(TestArgs::default().note("x".repeat(200)).job()).await?;
        last = Some(other.job_when(shown, id, JobState::Completed).await?.id);
    }
    let mut after = Tab::open(yard.address()).await?;
    let resumed = after.resume(&before, view).await?;
    after.job_when(resumed, last.expect("jobs were added"), JobState::Completed).await?;
    assert_eq!(after.view(resumed).snapshots, 2);
    assert_eq!(
        after.view(resumed).window().map(|window| window.rows.clone()),
        Some(Api::new(yard.address()).all_jobs().await?[..20].to_vec())
    );
    Ok(())
}

#[tokio::test]
async fn numbers_of_a_server_that_is_gone_count_for_nothing() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut before = Tab::open(yard.address()).await?;
    let view = before.watch(newest(20)).await?;
    let id = before.add(TestArgs::default().job()).await?;
    before.job_when(view, id, JobState::Completed).await?;
    yard.kill9()?;
    yard.restart()?;
    let mut after = Tab::open(yard.address()).await?;
    assert_ne!(after.instance, before.instance);
    let resumed = after.resume(&before, view).await?;
    after.until(|tab| (tab.view(resumed).snapshots == 2).then_some(())).await?;
    assert_eq!(after.job(resumed, id).map(|job| job.state), Some(JobState::Completed));
    Ok(())
}
