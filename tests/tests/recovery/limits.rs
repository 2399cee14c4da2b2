//! Limits hold across the end of a server, and hold back nothing for ever.

use anyhow::Result;
use serde_json::json;
use taskyard_shared::job::JobState;
use taskyard_shared::limit::{Limit, LimitStatus, Rate};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::patience::eventually;
use taskyard_tests::record;
use taskyard_tests::test_worker::TestArgs;

use crate::PROGRAM;
use crate::ending::{End, WORK};

/// Ends of the server in the middle of the work.
const ENDS: usize = 2;

async fn prepare(api: &Api, limit: &Limit) -> Result<()> {
    let first = api.add(&TestArgs::default().key("first").job()).await?;
    api.job_when(first, JobState::Completed).await?;
    assert_eq!(api.patch("/api/v1/queues/test", &json!({ "concurrency": 8 })).await?.status, 200);
    let answer = api.put(&format!("/api/v1/limits/{}", limit.name), &json!(limit)).await?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Ok(())
}

async fn limits(api: &Api) -> Result<Vec<LimitStatus>> {
    let answer: serde_json::Value = api.get("/api/v1/limits").await?.json()?;
    Ok(serde_json::from_value(answer["limits"].clone())?)
}

fn limit(name: &str) -> Limit {
    let (kind, name) = (Some("test".to_owned()), name.to_owned());
    Limit { name, queue: None, kind, key: None, concurrency: None, rate: None }
}

#[tokio::test]
async fn no_key_has_more_at_work_than_it_may_after_kills() -> Result<()> {
    no_key_has_more_at_work_than_it_may(End::Killed).await
}

#[tokio::test]
async fn no_key_has_more_at_work_than_it_may_after_stops() -> Result<()> {
    no_key_has_more_at_work_than_it_may(End::Stopped).await
}

async fn no_key_has_more_at_work_than_it_may(end: End) -> Result<()> {
    const KEYS: [&str; 3] = ["a", "b", "c"];
    const JOBS_A_KEY: usize = 6;
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut api = Api::new(yard.address());
    let limit = Limit { key: Some("/key".to_owned()), concurrency: Some(1), ..limit("per-key") };
    prepare(&api, &limit).await?;
    let record = yard.path("record");
    for key in KEYS.into_iter().cycle().take(KEYS.len() * JOBS_A_KEY) {
        api.add(&TestArgs::default().ms(100).key(key).record(&record).job()).await?;
    }
    for number in 1..=ENDS {
        eventually(WORK, async || Ok((record::ended(&record)? >= 4 * number).then_some(()))).await?;
        api = end.and_back(&mut yard)?;
        assert_eq!(limits(&api).await?[0].limit, limit);
    }
    let counts = api.until_idle().await?;
    assert_eq!(counts.completed as usize, KEYS.len() * JOBS_A_KEY + 1, "those held back went on");
    let seen = record::read(&record)?;
    for (key, most) in record::most_together_by_key(&seen) {
        assert_eq!(most, 1, "of key {key}");
    }
    assert!(record::most_together(&seen) > 1, "the queue had room for more than one");
    let left = &limits(&api).await?[0];
    assert_eq!((left.running, left.held_back), (0, 0));
    Ok(())
}

#[tokio::test]
async fn a_rate_is_kept_over_kills() -> Result<()> {
    a_rate_is_kept(End::Killed).await
}

#[tokio::test]
async fn a_rate_is_kept_over_stops() -> Result<()> {
    a_rate_is_kept(End::Stopped).await
}

async fn a_rate_is_kept(end: End) -> Result<()> {
    const GAP_MS: i64 = 1_000;
    const JOBS: usize = 7;
    let mut yard = FragileYard::start(PROGRAM, Settings::default())?;
    let mut api = Api::new(yard.address());
    let rate = Rate { count: 4, per_ms: 4 * GAP_MS as u64, burst: 1 };
    prepare(&api, &Limit { rate: Some(rate), ..limit("slowly") }).await?;
    for _ in 0..JOBS {
        api.add(&TestArgs::default().job()).await?;
    }
    for number in 1..=ENDS {
        let ended = 2 * number as u64;
        eventually(WORK, async || Ok((api.counts().await?.completed > ended).then_some(()))).await?;
        api = end.and_back(&mut yard)?;
    }
    assert_eq!(api.until_idle().await?.completed as usize, JOBS + 1);
    let mut starts = Vec::new();
    for job in api.all_jobs().await? {
        starts.extend(api.job(job.id).await?.attempts.iter().map(|attempt| attempt.started_at_ms));
    }
    starts.sort_unstable();
    // The first job began before there was a limit.
    let gaps: Vec<i64> = starts[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() >= JOBS - 1 && gaps.iter().all(|gap| *gap >= GAP_MS), "{gaps:?}");
    Ok(())
}
