//! Clients that do not read.

use std::time::{Duration, Instant};

use anyhow::Result;
use taskyard_shared::PROTOCOL_VERSION;
use taskyard_shared::command::{ClientFrame, Command};
use taskyard_shared::job::JobState;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, ViewQuery, WindowStart};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::notes::note;
use taskyard_tests::patience::eventually;
use taskyard_tests::stalled_tab::StalledTab;
use taskyard_tests::tab::{Tab, newest};
use taskyard_tests::test_worker::TestArgs;

use crate::PROGRAM;

const STALLED: usize = 20;
const CHANGES: u64 = 6_000;
/// What the whole server may grow by while the changes happen: caches of its own, and two frames a tab.
const GROWTH: u64 = 48 * 1024 * 1024;
/// What a tab that reads gets in all must be far more than that, or the test shows nothing.
const LONG_NOTE: usize = 190;

/// Adds jobs over connections of its own, each with a long name, and waits until they have ended.
async fn change_much(address: &str, jobs: u64) -> Result<()> {
    const ADDERS: u64 = 4;
    let mut adders = Vec::new();
    for _ in 0..ADDERS {
        let mut tab = Tab::open(address).await?;
        adders.push(tokio::spawn(async move {
            for _ in 0..jobs / ADDERS {
                tab.add(TestArgs::default().note("x".repeat(LONG_NOTE)).job()).await?;
            }
            anyhow::Ok(())
        }));
    }
    for adder in adders {
        adder.await??;
    }
    let mut tab = Tab::open(address).await?;
    let queues = tab.watch(ViewQuery::Queues {}).await?;
    tab.until_idle(queues).await?;
    Ok(())
}

fn of_queue(queue: &str) -> ViewQuery {
    let filter = JobFilter { queue: Some(queue.to_owned()), ..JobFilter::default() };
    let (sort, start) = (SortOrder::Newest, WindowStart::Top);
    ViewQuery::Jobs { query: JobsQuery { filter, sort, start, limit: 1 } }
}

/// Until told otherwise, adds a job and waits until its end is shown; answers how long each took.
async fn time_jobs(address: &str, mut done: tokio::sync::oneshot::Receiver<()>) -> Result<Vec<Duration>> {
    let mut tab = Tab::open(address).await?;
    let view = tab.watch(of_queue("probe")).await?;
    let mut times = Vec::new();
    while done.try_recv().is_err() {
        let began = Instant::now();
        let id = tab.add(TestArgs::default().job_in("probe")).await?;
        tab.job_when(view, id, JobState::Completed).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tabs_that_never_read_cost_a_constant_and_delay_nobody() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    Tab::open(yard.address()).await?.add(TestArgs::default().job()).await?;
    Tab::open(yard.address()).await?.set_concurrency("test", 16).await?;
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let mut tab = StalledTab::open(yard.address()).await?;
        tab.send(&ClientFrame::Hello { version: PROTOCOL_VERSION }).await?;
        tab.send(&ClientFrame::Watch { id: 1, query: newest(500), resume: None }).await?;
        stalled.push(tab);
    }
    change_much(yard.address(), CHANGES / 3).await?;
    let before = yard.resident_bytes()?;

    let (finished, until_finished) = tokio::sync::oneshot::channel();
    let address = yard.address().to_owned();
    let probe = tokio::spawn(async move { time_jobs(&address, until_finished).await });
    change_much(yard.address(), CHANGES).await?;
    let _ = finished.send(());
    let times = probe.await??;
    let growth = yard.resident_bytes()?.saturating_sub(before);
    let median = times[times.len() / 2];
    note(&format!("grew by {} KiB; {} probes, median {median:?}", growth / 1024, times.len()));
    assert!(growth < GROWTH, "the server grew by {growth} bytes");
    assert!(median < Duration::from_secs(1), "the median of {} jobs took {median:?}", times.len());
    assert!(api.metric("taskyard_live_open_sessions").await? >= STALLED as u64, "they are still there");
    assert_eq!(api.counts().await?.completed, CHANGES / 3 + CHANGES + times.len() as u64 + 1);
    drop(stalled);
    Ok(())
}

#[tokio::test]
async fn a_client_that_asks_and_asks_and_never_reads_is_closed() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut tab = StalledTab::open(yard.address()).await?;
    tab.send(&ClientFrame::Hello { version: PROTOCOL_VERSION }).await?;
    let closed = eventually(Duration::from_secs(30), async || {
        for id in 0..30 {
            if tab.send(&ClientFrame::Command { id, command: Command::ListKinds {} }).await.is_err() {
                break;
            }
        }
        Ok((api.metric("taskyard_live_closed_by_server_total").await? == 1).then_some(()))
    });
    closed.await?;
    // It lets go of it although the client does not even answer that.
    let gone = async || Ok((api.metric("taskyard_live_open_sessions").await? == 0).then_some(()));
    eventually(Duration::from_secs(20), gone).await
}
