//! Snapshot and deltas come to the same as a fresh list, whatever happened in between.

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use serde_json::Value;
use taskyard_shared::command::Command;
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::view::{JobFilter, JobsQuery, JobsWindow, SortOrder, ViewId, ViewQuery, WindowStart};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::notes::note;
use taskyard_tests::tab::Tab;
use taskyard_tests::test_worker::{Does, TestArgs};
use tokio::sync::oneshot;

use crate::PROGRAM;

const STEPS: usize = 400;
const QUEUES: [&str; 3] = ["alpha", "beta", "gamma"];

/// What is watched, and the same as a query of the API.
fn watched() -> Vec<(ViewQuery, &'static str)> {
    let view = |filter: JobFilter, sort, limit, query| {
        (ViewQuery::Jobs { query: JobsQuery { filter, sort, start: WindowStart::Top, limit } }, query)
    };
    let (newest, oldest) = (SortOrder::Newest, SortOrder::Oldest);
    let states = |states: &[JobState]| JobFilter { states: states.to_vec(), ..JobFilter::default() };
    let (failed, waiting) = (states(&[JobState::Failed, JobState::Cancelled]), states(&[JobState::Pending]));
    vec![
        view(JobFilter::default(), newest, 50, "limit=50"),
        view(JobFilter::default(), oldest, 5, "limit=5&sort=oldest"),
        view(failed, newest, 10, "limit=10&state=failed,cancelled"),
        view(waiting, oldest, 10, "limit=10&sort=oldest&state=pending"),
        view(
            JobFilter { queue: Some("beta".to_owned()), ..JobFilter::default() },
            newest,
            7,
            "limit=7&queue=beta",
        ),
        view(JobFilter { text: "odd".to_owned(), ..JobFilter::default() }, newest, 20, "limit=20&text=odd"),
    ]
}

/// One step of a person with many hands. Refusals are part of it.
async fn do_something(tab: &mut Tab, random: &mut Rng, latest: &mut u64) -> Result<()> {
    let queue = QUEUES[random.usize(..QUEUES.len())].to_owned();
    let id = JobId(random.u64(1..=*latest + 1));
    let command = match random.u8(..20) {
        0..=9 => {
            let does = [Does::Succeed, Does::Succeed, Does::Fail, Does::Panic, Does::Hang][random.usize(..5)];
            let note = if random.bool() { "odd" } else { "even" };
            let args = TestArgs::new(does).ms(random.u64(..8)).note(note);
            *latest = tab.add(args.job_in(&queue)).await?.0;
            return Ok(());
        }
        10..=13 => Command::CancelJob { id },
        14 | 15 => Command::RetryJob { id },
        16 => Command::PauseQueue { queue },
        17 => Command::ResumeQueue { queue },
        18 => Command::SetConcurrency { queue, concurrency: random.u32(1..6) },
        _ => Command::ClearFinished { queue: random.bool().then_some(queue) },
    };
    tab.ask(command).await?;
    Ok(())
}

/// Until nothing waits and nothing runs: what hangs is cancelled.
async fn settle(tab: &mut Tab, queues: ViewId, api: &Api) -> Result<()> {
    for queue in QUEUES {
        tab.ask(Command::PauseQueue { queue: queue.to_owned() }).await?;
    }
    for job in api.all_jobs().await?.iter().filter(|job| !job.state.is_finished()) {
        let hangs = job.detail == format!("{:?}", Does::Hang);
        // Of the others, half stay pending in their paused queue.
        if hangs || job.id.0 % 2 == 0 {
            tab.ask(Command::CancelJob { id: job.id }).await?;
        }
    }
    let quiet = |tab: &mut Tab| {
        let queues = tab.view(queues).queues();
        queues.iter().all(|queue| queue.counts.processing == 0 && queue.stopping == 0).then_some(())
    };
    tab.until(quiet).await.context("it does not come to rest")
}

/// What a fresh list says: its rows, and whether more follow.
type Fresh = (Vec<JobSummary>, bool);

/// A tab that reads all the while, and must come to show what it is told in the end.
async fn follow(address: String, query: ViewQuery, told: oneshot::Receiver<Fresh>) -> Result<()> {
    let mut tab = Tab::open(&address).await?;
    let view = tab.watch(query).await?;
    let (rows, more) = tab.while_doing(told).await??;
    let equal = |window: &JobsWindow| window.rows == rows && window.more == more;
    let reached = tab.until(|tab| equal(tab.view(view).window()?).then_some(())).await;
    reached.with_context(|| format!("a fresh list is {rows:?}, more: {more}"))?;
    // How many there are depends on how the changes were gathered; without one only the snapshot was shown.
    ensure!(tab.view(view).deltas > 0, "no delta came");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_and_deltas_equal_a_fresh_list_after_a_random_workload() -> Result<()> {
    let seed = fastrand::u64(..);
    note(&format!("seed {seed}"));
    let mut random = Rng::with_seed(seed);
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut followers = Vec::new();
    for (query, same) in watched() {
        let (tell, told) = oneshot::channel();
        let task = tokio::spawn(follow(yard.address().to_owned(), query, told));
        followers.push((task, tell, same));
    }
    let mut driver = Tab::open(yard.address()).await?;
    let queues = driver.watch(ViewQuery::Queues {}).await?;
    let mut latest = 0;
    for _ in 0..STEPS {
        do_something(&mut driver, &mut random, &mut latest).await?;
    }
    settle(&mut driver, queues, &api).await?;
    let counts = api.counts().await?;
    driver.until(|tab| (tab.view(queues).counts() == counts).then_some(())).await?;
    for (task, tell, same) in followers {
        let fresh: Value = api.get(&format!("/api/v1/jobs?{same}")).await?.json()?;
        let rows = serde_json::from_value(fresh["rows"].clone())?;
        // When it waits no more it has failed, and says so below.
        let _ = tell.send((rows, fresh["more"] == true));
        task.await?.with_context(|| same)?;
    }
    Ok(())
}
