//! A panic in the queue or in the hub of views, while there is work and tabs watch.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::job::{AttemptOutcome, JobId, JobState};
use taskyard_shared::view::ViewQuery;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::notes::note;
use taskyard_tests::patience::eventually;
use taskyard_tests::tab::{Tab, newest};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::PROGRAM;

const RESTART: Duration = Duration::from_secs(30);
const PANICS: u64 = 4;
const ADDERS: usize = 3;

/// Adds short jobs over one socket until told to stop; answers those that were acknowledged. Anything but
/// an acknowledgement and "try again" is a failure, the end of the socket above all.
async fn add_until(address: String, enough: Arc<AtomicBool>) -> Result<Vec<JobId>> {
    let mut tab = Tab::open(&address).await?;
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if enough.load(Ordering::Relaxed) {
            break;
        }
        let job = TestArgs::default().ms(number % 30).job();
        match tab.ask(Command::AddJob { job }).await? {
            Reply::JobAdded { id, .. } => acknowledged.push(id),
            Reply::Error { error } if error.code.is_retryable() => {}
            other => bail!("the answer to an add is {other:?}"),
        }
    }
    Ok(acknowledged)
}

/// Waits until the panics so far are that many, and the queue has answered since.
pub async fn restarted(api: &Api, panics: u64) -> Result<()> {
    eventually(RESTART, async || {
        let recent = api.metric("taskyard_part_failures_recent").await;
        Ok(recent.is_ok_and(|recent| recent == panics).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panics_of_the_queue_lose_no_job_repeat_no_attempt_and_close_no_socket() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut watcher = Tab::open(yard.address()).await?;
    let queues = watcher.watch(ViewQuery::Queues {}).await?;
    let go_on = yard.path("go-on");
    let blocked = watcher.add(TestArgs::new(Does::Block).file(&go_on).job_in("blocked")).await?;
    api.job_when(blocked, JobState::Processing).await?;
    watcher.add(TestArgs::default().job()).await?;
    watcher.set_concurrency("test", 8).await?;

    let enough = Arc::new(AtomicBool::new(false));
    let adders: Vec<_> = (0..ADDERS)
        .map(|_| tokio::spawn(add_until(yard.address().to_owned(), Arc::clone(&enough))))
        .collect();
    for panics in 1..=PANICS {
        // Under load: jobs were added and ran since the last one.
        let added = api.counts().await?.completed;
        let more = async || Ok((api.counts().await?.completed >= added + 20).then_some(()));
        eventually(RESTART, more).await?;
        yard.tell("panic queue")?;
        watcher.while_doing(restarted(&api, panics)).await??;
    }
    make_file(&go_on)?;
    enough.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::from([blocked]);
    for adder in adders {
        acknowledged.extend(watcher.while_doing(adder).await???);
    }
    let counts = watcher.until_idle(queues).await?;
    assert_eq!(counts, api.counts().await?);
    assert_eq!(counts.failed + counts.cancelled, 0);
    let jobs = api.all_jobs().await?;
    let known: BTreeSet<JobId> = jobs.iter().map(|job| job.id).collect();
    let lost: Vec<_> = acknowledged.difference(&known).collect();
    assert!(lost.is_empty(), "acknowledged, and gone: {lost:?}");
    for job in &jobs {
        assert_eq!((job.state, job.attempt), (JobState::Completed, 1), "{job:?}");
    }
    let spanned = api.job(blocked).await?;
    assert_eq!(spanned.attempts.len(), 1, "it ran through {PANICS} panics");
    assert_eq!(spanned.attempts[0].outcome, Some(AttemptOutcome::Completed));
    note(&format!("{} acknowledged jobs, {} in all", acknowledged.len(), jobs.len()));
    Ok(())
}

#[tokio::test]
async fn cancelled_work_still_holds_its_slot_after_a_panic_of_the_queue() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let stubborn = api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?;
    let next = api.add(&TestArgs::default().job()).await?;
    api.job_when(stubborn, JobState::Processing).await?;
    api.post(&format!("/api/v1/jobs/{stubborn}/cancel"), &serde_json::json!({})).await?;
    yard.tell("panic queue")?;
    restarted(&api, 1).await?;
    let elsewhere = api.add(&TestArgs::default().job_in("elsewhere")).await?;
    api.job_when(elsewhere, JobState::Completed).await?;
    assert_eq!(api.job(next).await?.job.state, JobState::Pending);
    assert_eq!(api.queue("test").await?.stopping, 1);
    make_file(&go_on)?;
    api.job_when(next, JobState::Completed).await?;
    assert_eq!(api.job(stubborn).await?.job.state, JobState::Cancelled);
    Ok(())
}

#[tokio::test]
async fn after_a_panic_of_the_hub_sockets_are_open_and_views_go_on() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut tab = Tab::open(yard.address()).await?;
    let jobs = tab.watch(newest(10)).await?;
    let queues = tab.watch(ViewQuery::Queues {}).await?;
    for panics in 1..=3 {
        let before = tab.add(TestArgs::default().job()).await?;
        yard.tell("panic hub")?;
        let during = tab.add(TestArgs::default().job()).await?;
        tab.while_doing(restarted(&api, panics)).await??;
        let after = tab.add(TestArgs::default().job()).await?;
        for job in [before, during, after] {
            tab.job_when(jobs, job, JobState::Completed).await?;
        }
        tab.until(|tab| (tab.view(queues).counts().completed == panics * 3).then_some(())).await?;
    }
    assert_eq!(api.metric("taskyard_live_hub_restarts_total").await?, 3);
    let mut late = Tab::open(yard.address()).await?;
    let fresh = late.watch(newest(10)).await?;
    assert_eq!(late.view(fresh).window(), tab.view(jobs).window());
    Ok(())
}
