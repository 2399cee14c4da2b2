//! Jobs added at a steady rate while tabs watch: what `sustained` and `watch` measure.
//!
//! Each add is made when it is due, whether the earlier ones are answered or not, and its time counts from then: so a stall
//! of the server is seen in all the jobs that it delays.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use taskyard::Yard;
use taskyard::shared::job::JobState;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::args::RateArgs;
use super::cpu::server_time;
use super::figures::{Latency, new_histogram, per_second};
use super::host::Host;
use super::probe::{Probe, QUEUE};
use super::recount::recount;
use super::report::{Check, LiveFigures};
use super::run::failed;
use super::stored::{counts, until_completed};
use super::tabs::{TabFigures, Tabs, TabsPlan};
use crate::cli::error::CliError;

const CONCURRENCY: u32 = 100;
/// Most adds that may wait for their answers: when there are more, the rate is too high for this machine.
const MAX_WAITING: usize = 10_000;
/// How long after the last answer every tab must have been shown the last job.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// An add that was answered.
struct Answered {
    job: u64,
    at: Instant,
}

/// Measures on a fresh folder.
pub async fn measure(dir: &Path, load: RateArgs, plan: TabsPlan) -> Result<LiveFigures, CliError> {
    let jobs = (u64::from(load.rate) * load.for_ms).div_ceil(1_000).max(1);
    let host = Host::start(dir, CONCURRENCY).await?;
    let tabs = Tabs::open_as(host.address, plan).await?;
    let (before, cpu_before) = (tabs.as_ref().map(Tabs::figures), server_time());

    let began = Instant::now();
    let answered = add_at_a_rate(&host.yard, &host.probe, jobs, load.rate).await?;
    let time = began.elapsed();
    let cpu = server_time().zip(cpu_before).map(|(now, before)| now.saturating_sub(before));
    until_completed(&host.yard, jobs).await?;
    let to_last_tab = match &tabs {
        Some(tabs) => Some(until_all_tabs_show(tabs, &answered).await?),
        None => None,
    };

    let (began, counted) = (host.probe.ran(), counts(&host.yard, QUEUE).await?.completed);
    let (durability, add_to_start) = (host.yard.durability(), host.probe.latency());
    let tabs = Tabs::close(tabs).await?;
    host.stop().await?;
    let found = recount(dir, QUEUE, &[JobState::Completed]).await?;
    let got = |of: fn(&TabFigures) -> u64| {
        tabs.as_ref().zip(before.as_ref()).map_or(0, |(after, before)| of(after) - of(before))
    };
    Ok(LiveFigures {
        durability,
        tabs: plan.count,
        views: plan.views,
        never_read: plan.silent,
        adds_per_s: per_second(jobs, time),
        add_to_start,
        commit_to_last_tab: to_last_tab,
        deliveries_per_s: per_second(got(|tabs| tabs.frames), time),
        bytes_per_tab_per_s: per_second(got(|tabs| tabs.bytes), time)
            / f64::from((plan.count - plan.silent).max(1)),
        server_cores: cpu.map(|cpu| cpu.as_secs_f64() / time.as_secs_f64().max(f64::EPSILON)),
        tabs_lost: tabs.map_or(0, |tabs| tabs.lost),
        check: Check {
            expected: jobs,
            began,
            counted,
            counted_after_reopening: found.counted,
            read_after_reopening: found.read,
        },
    })
}

/// Answers when each job's answer came.
async fn add_at_a_rate(
    yard: &Yard,
    probe: &Arc<Probe>,
    jobs: u64,
    rate: u32,
) -> Result<Vec<Answered>, CliError> {
    let (answer, mut answers) = mpsc::channel(MAX_WAITING);
    let (yard, probe, runtime) = (yard.clone(), Arc::clone(probe), Handle::current());
    // On a thread, because timers of the runtime are no finer than a millisecond. It ends when the answers are not
    // wanted any more.
    let pace = move || {
        let began = Instant::now();
        for number in 0..jobs {
            let due = began + Duration::from_secs_f64(number as f64 / f64::from(rate));
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let Ok(place) = answer.clone().try_reserve_owned() else { return };
            let (yard, job) = (yard.clone(), probe.job_due(due));
            runtime.spawn(async move {
                let added = yard.add(job).await;
                place.send(added.map(|id| Answered { job: id.0, at: Instant::now() }));
            });
        }
    };
    std::thread::Builder::new()
        .name("bench-callers-p".to_owned())
        .spawn(pace)
        .map_err(|error| failed("the operating system gave no thread", error))?;
    let mut answered = Vec::new();
    while let Some(added) = answers.recv().await {
        answered.push(added.map_err(|error| failed("a job was refused", error))?);
    }
    match answered.len() as u64 == jobs {
        true => Ok(answered),
        false => Err(failed(
            "the rate is too high for this machine",
            format!("{MAX_WAITING} adds wait for their answers"),
        )),
    }
}

/// From each answer until every tab that reads had been shown that job or a later one.
async fn until_all_tabs_show(tabs: &Tabs, answered: &[Answered]) -> Result<Latency, CliError> {
    let last = answered.iter().map(|answered| answered.job).max().unwrap_or(0);
    let began = Instant::now();
    while tabs.reached().all_since(last).is_none() {
        if began.elapsed() > PATIENCE {
            return Err(CliError::Failed(format!(
                "not every tab that reads was shown job {last} within 30 s"
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let mut times = new_histogram();
    for Answered { job, at } in answered {
        if let Some(since) = tabs.reached().all_since(*job) {
            times.saturating_record(since.saturating_duration_since(*at).as_micros() as u64);
        }
    }
    Ok(Latency::of(&times))
}
