//! The load under which the server is killed: clients that add and one that looks, each until its socket
//! ends.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, ensure};
use fastrand::Rng;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::view::ViewQuery;
use taskyard_tests::tab::{Tab, newest};
use taskyard_tests::test_worker::TestArgs;

/// What the clients add, and how fast.
#[derive(Clone, Copy)]
pub enum Load {
    /// Jobs that take their time, in several queues, no faster than they can be done.
    Mixed,
    /// As `taskyard bench throughput` has it by itself: 64 callers add jobs that do nothing, each as fast as it is
    /// answered, to one queue with 100 slots.
    Bench,
}

impl Load {
    pub fn adders(self) -> usize {
        match self {
            Load::Mixed => 3,
            Load::Bench => 64,
        }
    }

    fn queues(self) -> &'static [&'static str] {
        match self {
            Load::Mixed => &["alpha", "beta", "gamma", "delta"],
            Load::Bench => &["noop"],
        }
    }

    fn concurrency(self) -> u32 {
        match self {
            Load::Mixed => 5,
            Load::Bench => 100,
        }
    }

    /// How long the next job works, and how long its client waits after it.
    fn pace(self, random: &mut Rng) -> (u64, Duration) {
        match self {
            Load::Mixed => {
                let ms = if random.u8(..10) == 0 { random.u64(50..150) } else { random.u64(..40) };
                (ms, Duration::from_millis(random.u64(..8)))
            }
            Load::Bench => (0, Duration::ZERO),
        }
    }
}

/// Makes the queues, each with its concurrency.
pub async fn prepare(address: &str, load: Load) -> Result<Vec<(JobId, String)>> {
    let mut tab = Tab::open(address).await?;
    let mut acknowledged = Vec::new();
    for queue in load.queues() {
        let note = format!("first of {queue}");
        acknowledged.push((tab.add(TestArgs::default().note(&note).job_in(queue)).await?, note));
        tab.set_concurrency(queue, load.concurrency()).await?;
    }
    Ok(acknowledged)
}

/// Adds jobs with names of their own; answers those that were acknowledged.
pub async fn add(address: String, load: Load, who: String, mut random: Rng) -> Vec<(JobId, String)> {
    let mut acknowledged = Vec::new();
    let Ok(mut tab) = Tab::open(&address).await else { return acknowledged };
    for number in 0.. {
        let note = format!("{who}.{number}");
        let (ms, pause) = load.pace(&mut random);
        let queue = load.queues()[random.usize(..load.queues().len())];
        match tab.add(TestArgs::default().ms(ms).note(&note).job_in(queue)).await {
            Ok(id) => acknowledged.push((id, note)),
            Err(_) => break,
        }
        tokio::time::sleep(pause).await;
    }
    acknowledged
}

/// Watches; answers the attempt in which each job was seen completed. Fails when a queue is ever seen with
/// more at work than it may have.
pub async fn look(address: String) -> Result<BTreeMap<JobId, u32>> {
    let mut completed = BTreeMap::new();
    let Ok(mut tab) = Tab::open(&address).await else { return Ok(completed) };
    let Ok(jobs) = tab.watch(newest(500)).await else { return Ok(completed) };
    let Ok(queues) = tab.watch(ViewQuery::Queues {}).await else { return Ok(completed) };
    while tab.step().await.is_ok() {
        for job in tab.view(jobs).window().into_iter().flat_map(|window| &window.rows) {
            if job.state == JobState::Completed {
                completed.insert(job.id, job.attempt);
            }
        }
        for queue in tab.view(queues).queues() {
            let at_work = queue.counts.processing + u64::from(queue.stopping);
            ensure!(at_work <= u64::from(queue.concurrency), "more than its concurrency: {queue:?}");
        }
    }
    Ok(completed)
}
