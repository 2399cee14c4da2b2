//! A panic of the queue in the middle of jobs that are limited, wait for others, or are put off.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::{AddMode, NewJob, NewJobs};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::patience::eventually;
use taskyard_tests::record::{self, What};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::PROGRAM;
use crate::parts::restarted;

const WORK: Duration = Duration::from_secs(60);
const PANICS: usize = 4;
const KEYS: [&str; 4] = ["a", "b", "c", "d"];
const JOBS_A_KEY: usize = 8;
const CHAIN: usize = 8;
const DELAYS_MS: [u64; 4] = [200, 900, 1_800, 3_000];

fn now_ms() -> Result<i64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

async fn limit_each_key_to_one(api: &Api) -> Result<()> {
    let limit = json!({ "name": "per-key", "kind": "test", "key": "/key", "concurrency": 1 });
    let answer = api.put("/api/v1/limits/per-key", &limit).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn limits_order_and_times_hold_through_panics_of_the_queue() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    limit_each_key_to_one(&api).await?;
    api.add(&TestArgs::default().key("first").job()).await?;
    assert_eq!(api.patch("/api/v1/queues/test", &json!({ "concurrency": 6 })).await?.status, 200);

    let (limited, chained) = (yard.path("limited"), yard.path("chained"));
    let links = (0..CHAIN)
        .map(|link| TestArgs::default().ms(80).key(format!("link-{link}")).record(&chained).job_in("chain"));
    let jobs =
        NewJobs { jobs: links.collect(), mode: AddMode::AllOrNothing, batch: None, then: None, chain: true };
    let chain = api.add_all(&jobs).await?;
    for key in KEYS.into_iter().cycle().take(KEYS.len() * JOBS_A_KEY) {
        api.add(&TestArgs::default().ms(60).key(key).record(&limited).job()).await?;
    }
    let mut put_off = Vec::new();
    for (number, delay_ms) in DELAYS_MS.into_iter().enumerate() {
        let args = TestArgs::default().key(format!("later-{number}"));
        let job = NewJob { delay_ms: Some(delay_ms), ..args.job_in("later") };
        let not_before_ms = now_ms()? + delay_ms as i64;
        put_off.push((api.add(&job).await?, not_before_ms));
    }
    for panics in 1..=PANICS {
        let more = async || Ok((record::ended(&limited)? >= 6 * panics).then_some(()));
        eventually(WORK, more).await?;
        yard.tell("panic queue")?;
        restarted(&api, panics as u64).await?;
    }
    let counts = api.until_idle().await?;
    assert_eq!(counts.completed as usize, 1 + CHAIN + KEYS.len() * JOBS_A_KEY + DELAYS_MS.len());
    assert_eq!(counts.total(), counts.completed);
    for job in api.all_jobs().await? {
        assert_eq!(job.attempt, 1, "the work went on meanwhile: {job:?}");
    }
    let seen = record::read(&limited)?;
    for (key, most) in record::most_together_by_key(&seen) {
        assert_eq!(most, 1, "of key {key}");
    }
    assert!(record::most_together(&seen) > 1, "the queue had room for more than one");
    let began: Vec<JobId> = record::read(&chained)?
        .into_iter()
        .filter(|entry| entry.what == What::Begins)
        .map(|entry| entry.job)
        .collect();
    assert_eq!(began, chain);
    assert_eq!(record::most_together(&record::read(&chained)?), 1);
    for (job, not_before_ms) in put_off {
        let started_ms = api.job(job).await?.job.started_at_ms.context("it has not begun")?;
        assert!(started_ms >= not_before_ms, "{job} began {} ms early", not_before_ms - started_ms);
    }
    Ok(())
}

/// Cancelled work that goes on counts towards its limit until it has ended, whatever happens to the queue.
#[tokio::test]
async fn cancelled_work_still_counts_towards_its_limit_after_a_panic_of_the_queue() -> Result<()> {
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    limit_each_key_to_one(&api).await?;
    let (go_on, record) = (yard.path("go-on"), yard.path("record"));
    // Each in a queue of its own: nothing but the limit holds the second one back.
    let stubborn = TestArgs::new(Does::Block).file(&go_on).key("same").record(&record).job_in("one");
    let stubborn = api.add(&stubborn).await?;
    api.job_when(stubborn, JobState::Processing).await?;
    let held = api.add(&TestArgs::default().key("same").record(&record).job_in("two")).await?;
    assert_eq!(api.post(&format!("/api/v1/jobs/{stubborn}/cancel"), &json!({})).await?.status, 200);
    yard.tell("panic queue")?;
    restarted(&api, 1).await?;
    let other = api.add(&TestArgs::default().key("other").job_in("two")).await?;
    api.job_when(other, JobState::Completed).await?;
    assert_eq!(api.job(held).await?.job.state, JobState::Pending);
    make_file(&go_on)?;
    api.job_when(held, JobState::Completed).await?;
    assert_eq!(record::most_together(&record::read(&record)?), 1);
    Ok(())
}
