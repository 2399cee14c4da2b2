//! `kill -9` at random moments under load.

use std::time::Duration;

use anyhow::{Context, Result};
use fastrand::Rng;
use futures_util::future::join_all;
use taskyard_shared::job::JobState;
use taskyard_shared::view::ViewQuery;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::notes::note;
use taskyard_tests::tab::Tab;
use taskyard_tests::test_worker::TestArgs;

use crate::PROGRAM;
use crate::ending::now_ms;
use crate::load::{self, Load, add, look};
use crate::verdict::{Life, Witness};

/// How long the server lives once the load has begun, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 20..450;

/// One life of the server, from its start to its death.
async fn live(
    yard: &mut FragileYard,
    load: Load,
    number: usize,
    random: &mut Rng,
    witness: &mut Witness,
) -> Result<()> {
    let adders: Vec<_> = (0..load.adders())
        .map(|adder| {
            let who = format!("{number}.{adder}");
            tokio::spawn(add(yard.address().to_owned(), load, who, random.fork()))
        })
        .collect();
    let looker = tokio::spawn(look(yard.address().to_owned()));
    tokio::time::sleep(Duration::from_millis(random.u64(LIFE_MS))).await;
    let killing_ms = now_ms()?;
    yard.kill9()?;
    let killed_ms = now_ms()?;
    for acknowledged in join_all(adders).await {
        witness.acknowledged(acknowledged?)?;
    }
    witness.seen_completed(looker.await??);
    let began_ms = witness.began_ms;
    yard.restart().with_context(|| format!("after kill {number}"))?;
    witness.began_ms = killed_ms;
    witness.lives.push(Life { began_ms, killing_ms, killed_ms, back_ms: now_ms()? });
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_kills_lose_no_acknowledged_job_and_repeat_only_what_was_in_flight() -> Result<()> {
    kills_lose_no_acknowledged_job_and_repeat_only_what_was_in_flight(Load::Mixed, 30).await
}

/// So the figures of the bench are those of a server that keeps its promises.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_as_the_bench_runs_lose_no_acknowledged_job_and_repeat_only_what_was_in_flight() -> Result<()> {
    kills_lose_no_acknowledged_job_and_repeat_only_what_was_in_flight(Load::Bench, 6).await
}

async fn kills_lose_no_acknowledged_job_and_repeat_only_what_was_in_flight(
    load: Load,
    kills: usize,
) -> Result<()> {
    let seed = fastrand::u64(..);
    note(&format!("seed {seed}"));
    let mut random = Rng::with_seed(seed);
    let mut witness = Witness::new(now_ms()?);
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    witness.acknowledged(load::prepare(yard.address(), load).await?)?;
    for number in 0..kills {
        live(&mut yard, load, number, &mut random, &mut witness).await?;
        // Every acknowledged job is there after each restart.
        let known = Api::new(yard.address()).all_jobs().await?;
        witness.check_all_there(&known).with_context(|| format!("after kill {number}"))?;
    }
    let mut tab = Tab::open(yard.address()).await?;
    let queues = tab.watch(ViewQuery::Queues {}).await?;
    tab.until_idle(queues).await?;
    let api = Api::new(yard.address());
    let jobs = api.all_jobs().await?;
    witness.check_all_there(&jobs)?;
    let mut repeated = 0;
    for job in &jobs {
        witness.check_completed_once(job)?;
        if job.attempt > 1 || job.state != JobState::Completed {
            repeated += 1;
            witness.check_attempts(&api.job(job.id).await?)?;
        }
    }
    note(&format!("{} acknowledged, {} jobs, {repeated} of them repeated", witness.count(), jobs.len()));
    assert_eq!(api.counts().await?.total(), jobs.len() as u64);
    assert!(repeated >= kills / 2, "hardly any job was in flight at a kill: this shows nothing");
    Ok(())
}

#[tokio::test]
async fn ids_of_jobs_that_were_cleared_are_not_used_again() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut api = Api::new(yard.address());
    let mut latest = 0;
    for _ in 0..3 {
        let id = api.add(&TestArgs::default().job()).await?;
        assert!(id.0 > latest, "{id} after {latest}");
        latest = id.0;
        api.job_when(id, JobState::Completed).await?;
        api.post("/api/v1/jobs/clear", &serde_json::json!({})).await?;
        yard.kill9()?;
        yard.restart()?;
        api = Api::new(yard.address());
    }
    Ok(())
}

#[tokio::test]
async fn settings_of_queues_survive_a_crash() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let change = serde_json::json!({ "paused": true, "concurrency": 7 });
    assert_eq!(api.patch("/api/v1/queues/test", &change).await?.status, 200);
    let waiting = api.add(&TestArgs::default().job()).await?;
    yard.kill9()?;
    yard.restart()?;
    let api = Api::new(yard.address());
    let queue = api.queue("test").await?;
    assert_eq!((queue.paused, queue.concurrency, queue.counts.pending), (true, 7, 1));
    assert_eq!(api.job(waiting).await?.job.state, JobState::Pending);
    Ok(())
}
