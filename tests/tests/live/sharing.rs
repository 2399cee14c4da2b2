//! What one tab does, every other sees.

use anyhow::{Result, bail};
use futures_util::future::try_join_all;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::job::{JobState, JobSummary, Progress};
use taskyard_shared::view::ViewQuery;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::tab::{Tab, newest};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::PROGRAM;

#[tokio::test]
async fn what_one_tab_does_the_other_sees() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let (mut here, mut there) = (Tab::open(yard.address()).await?, Tab::open(yard.address()).await?);
    let jobs = there.watch(newest(20)).await?;
    let queues = there.watch(ViewQuery::Queues {}).await?;
    let go_on = yard.path("go-on");

    let blocked = here.add(TestArgs::new(Does::Block).file(&go_on).note("blocked").job()).await?;
    let waiting = here.add(TestArgs::default().job()).await?;
    let shown = there.job_when(jobs, blocked, JobState::Processing).await?;
    assert_eq!((shown.name.as_str(), shown.attempt), ("blocked", 1));
    there.job_when(jobs, waiting, JobState::Pending).await?;
    there.until(|tab| (tab.job(jobs, blocked)?.progress > Progress::NONE).then_some(())).await?;

    let paused = here.ask(Command::PauseQueue { queue: "test".to_owned() }).await?;
    assert!(matches!(paused, Reply::QueueChanged { queue } if queue.paused));
    there.until(|tab| tab.view(queues).queues().iter().any(|queue| queue.paused).then_some(())).await?;
    here.ask(Command::CancelJob { id: waiting }).await?;
    there.job_when(jobs, waiting, JobState::Cancelled).await?;
    make_file(&go_on)?;
    there.job_when(jobs, blocked, JobState::Completed).await?;
    there.until(|tab| (tab.view(queues).counts().completed == 1).then_some(())).await?;

    let cleared = here.ask(Command::ClearFinished { queue: None }).await?;
    assert_eq!(cleared, Reply::FinishedCleared { count: 2 });
    there.until(|tab| tab.view(jobs).window()?.rows.is_empty().then_some(())).await?;
    there.until(|tab| (tab.view(queues).counts().total() == 0).then_some(())).await?;
    Ok(())
}

#[tokio::test]
async fn errors_of_commands_are_told_to_the_one_who_asked_and_to_nobody_else() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let (mut here, mut there) = (Tab::open(yard.address()).await?, Tab::open(yard.address()).await?);
    let jobs = there.watch(newest(20)).await?;
    let id = here.add(TestArgs::default().job()).await?;
    there.job_when(jobs, id, JobState::Completed).await?;
    for (command, says) in [
        (Command::CancelJob { id }, "already finished"),
        (Command::RetryJob { id }, "only failed, cancelled and scheduled jobs"),
        (Command::PauseQueue { queue: "none".to_owned() }, "no queue \"none\""),
        (Command::AddJob { job: TestArgs::default().note("x".repeat(300_000)).job() }, "256 KiB"),
    ] {
        match here.ask(command).await? {
            Reply::Error { error } => assert!(error.message.contains(says), "{error}"),
            other => bail!("no error that says \"{says}\": {other:?}"),
        }
    }
    // The other tab takes an error for a failure; the next thing that it hears is this.
    let next = here.add(TestArgs::default().job()).await?;
    there.job_when(jobs, next, JobState::Completed).await?;
    Ok(())
}

const TABS: usize = 100;
const JOBS: u64 = 200;

#[tokio::test]
async fn a_hundred_tabs_end_up_with_the_same_list() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut driver = Tab::open(yard.address()).await?;
    driver.add(TestArgs::default().job()).await?;
    driver.set_concurrency("test", 8).await?;
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        let mut tab = Tab::open(yard.address()).await?;
        let view = tab.watch(newest(100)).await?;
        tabs.push(tokio::spawn(async move {
            let rows = tab.until(|tab| finished_rows(tab.view(view).window()?.rows.as_slice())).await?;
            anyhow::Ok((rows, tab.view(view).deltas))
        }));
    }
    for number in 1..JOBS {
        let does = if number % 5 == 0 { Does::Fail } else { Does::Succeed };
        driver.add(TestArgs::new(does).ms(number % 20).job()).await?;
    }
    let seen = try_join_all(tabs).await?.into_iter().collect::<Result<Vec<_>>>()?;
    let fresh = Api::new(yard.address()).all_jobs().await?;
    for (rows, deltas) in seen {
        assert_eq!(rows, fresh[..100]);
        assert!(deltas > 0, "it was told as it happened");
    }
    Ok(())
}

/// The rows once the last job is among them and all have ended.
fn finished_rows(rows: &[JobSummary]) -> Option<Vec<JobSummary>> {
    let all_in = rows.first().is_some_and(|newest| newest.id.0 == JOBS);
    (all_in && rows.iter().all(|job| job.state.is_finished())).then(|| rows.to_vec())
}
