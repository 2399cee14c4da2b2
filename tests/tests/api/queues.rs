//! Queues: pause, resume, concurrency, clear, and counts that are exact.

use anyhow::Result;
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_shared::queue::StateCounts;
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings, make_file};
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::assert_problem;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");

#[tokio::test]
async fn a_paused_queue_starts_nothing_and_what_runs_goes_on() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let running = api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?;
    api.job_when(running, JobState::Processing).await?;
    let paused: Value = api.patch("/api/v1/queues/test", &json!({ "paused": true })).await?.json()?;
    assert_eq!(paused["paused"], true);
    let waiting = api.add(&TestArgs::default().job()).await?;
    make_file(&go_on)?;
    api.job_when(running, JobState::Completed).await?;
    // A slot is free now, and would have been given away with the very commit that says so.
    assert_eq!(api.job(waiting).await?.job.state, JobState::Pending);
    api.patch("/api/v1/queues/test", &json!({ "paused": false })).await?;
    api.job_when(waiting, JobState::Completed).await?;
    Ok(())
}

#[tokio::test]
async fn concurrency_is_changed_live_and_never_exceeded() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(api.add(&TestArgs::new(Does::Block).file(&go_on).job()).await?);
    }
    api.job_when(jobs[0], JobState::Processing).await?;
    assert_eq!(api.queue("test").await?.counts.processing, 1, "by default one at a time");
    api.patch("/api/v1/queues/test", &json!({ "concurrency": 3 })).await?;
    api.job_when(jobs[2], JobState::Processing).await?;
    assert_eq!(api.queue("test").await?.counts.processing, 3);
    // Lowering it stops nothing.
    let lowered: Value = api.patch("/api/v1/queues/test", &json!({ "concurrency": 2 })).await?.json()?;
    assert_eq!((&lowered["concurrency"], &lowered["counts"]["processing"]), (&json!(2), &json!(3)));
    make_file(&go_on)?;
    for job in jobs {
        api.job_when(job, JobState::Completed).await?;
    }
    for concurrency in [0, 10_001] {
        let answer = api.patch("/api/v1/queues/test", &json!({ "concurrency": concurrency })).await?;
        assert_problem(&answer, 422, "invalid_arguments");
    }
    assert_eq!(api.queue("test").await?.concurrency, 2);
    Ok(())
}

#[tokio::test]
async fn counts_are_exact_and_clear_deletes_what_has_finished() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let mut last = None;
    for does in [Does::Succeed, Does::Fail, Does::Succeed, Does::Panic, Does::Succeed] {
        last = Some(api.add(&TestArgs::new(does).job()).await?);
    }
    api.job_when(last.expect("five were added"), JobState::Completed).await?;
    let elsewhere = TestArgs::default().job_in("elsewhere");
    let first = api.add(&elsewhere).await?;
    api.job_when(first, JobState::Completed).await?;
    api.patch("/api/v1/queues/elsewhere", &json!({ "paused": true })).await?;
    let cancelled = api.add(&elsewhere).await?;
    let waiting = api.add(&elsewhere).await?;
    api.post(&format!("/api/v1/jobs/{cancelled}/cancel"), &json!({})).await?;

    let expected =
        StateCounts { pending: 1, completed: 4, failed: 2, cancelled: 1, ..StateCounts::default() };
    assert_eq!(api.counts().await?, expected);
    assert_eq!(api.all_jobs().await?.len() as u64, expected.total());

    let cleared: Value = api.post("/api/v1/jobs/clear?queue=test", &json!({})).await?.json()?;
    assert_eq!(cleared, json!({ "type": "finished_cleared", "count": 5 }));
    let cleared: Value = api.post("/api/v1/jobs/clear", &json!({})).await?.json()?;
    assert_eq!(cleared["count"], 2);
    assert_eq!(api.counts().await?, StateCounts { pending: 1, ..StateCounts::default() });
    let left: Vec<_> = api.all_jobs().await?.iter().map(|job| job.id).collect();
    assert_eq!(left, [waiting]);
    assert_problem(&api.get(&format!("/api/v1/jobs/{first}")).await?, 404, "not_found");
    Ok(())
}

#[tokio::test]
async fn a_queue_is_paused_resumed_and_drained_by_name() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let act = async |action: &str| api.post(&format!("/api/v1/queues/test/{action}"), &json!({})).await;
    let paused: Value = act("pause").await?.json()?;
    assert_eq!((&paused["type"], &paused["queue"]["paused"]), (&json!("queue_changed"), &json!(true)));
    let waiting = api.add(&TestArgs::default().job()).await?;
    let drained: Value = act("drain").await?.json()?;
    assert_eq!((&drained["queue"]["draining"], &drained["queue"]["paused"]), (&json!(true), &json!(true)));
    let answer = api.post("/api/v1/jobs", &json!(TestArgs::default().job())).await?;
    assert_problem(&answer, 409, "wrong_state");
    let resumed: Value = act("resume").await?.json()?;
    assert_eq!(resumed["queue"]["paused"], false);
    api.job_when(waiting, JobState::Completed).await?;
    api.patch("/api/v1/queues/test", &json!({ "draining": false })).await?;
    assert_eq!(api.add(&TestArgs::default().job()).await?.0, waiting.0 + 1);
    for action in ["pause", "resume", "drain"] {
        let answer = api.post(&format!("/api/v1/queues/none/{action}"), &json!({})).await?;
        assert_problem(&answer, 404, "not_found");
    }
    Ok(())
}

#[tokio::test]
async fn settings_out_of_bounds_are_refused_and_null_takes_a_default_away() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let change = async |change: Value| api.patch("/api/v1/queues/test", &change).await;
    for (wrong, place) in [
        (json!({ "retention": { "completed": { "max_age_ms": 59_999 } } }), "$retention"),
        (json!({ "retention": { "failed": { "max_age_ms": 0 } } }), "$retention"),
        (json!({ "timeout_ms": 99 }), "$timeout_ms"),
        (json!({ "max_attempts": 0 }), "$max_attempts"),
        (json!({ "max_attempts": 1_001 }), "$max_attempts"),
    ] {
        let answer = change(wrong).await?;
        assert_problem(&answer, 422, "invalid_arguments");
        assert_eq!(crate::places(&answer), [place], "{}", answer.text());
    }
    for (wrong, says) in [
        (json!({ "retention": { "processing": { "max_age_ms": 60_000 } } }), "at retention.processing"),
        (json!({ "retention": { "pending": {} } }), "at retention.pending"),
        (json!({ "retention": { "completed": { "max_age_ms": -1 } } }), "at retention.completed.max_age_ms"),
        (json!({ "concurency": 2 }), "concurency"),
        (json!([true]), "invalid type: sequence"),
        (json!({ "retention": { "failed": [] } }), "at retention.failed: invalid type: sequence"),
    ] {
        let answer = change(wrong).await?;
        assert_problem(&answer, 400, "bad_request");
        assert!(answer.text().contains(says), "{says}: {}", answer.text());
    }
    let set: Value = change(json!({ "timeout_ms": 5_000, "max_attempts": 4 })).await?.json()?;
    assert_eq!((&set["timeout_ms"], &set["max_attempts"]), (&json!(5_000), &json!(4)));
    let taken: Value = change(json!({ "timeout_ms": null })).await?.json()?;
    assert_eq!((taken.get("timeout_ms"), &taken["max_attempts"]), (None, &json!(4)));
    Ok(())
}

#[tokio::test]
async fn a_state_that_a_change_of_retention_leaves_out_is_kept_as_before() -> Result<()> {
    let yard = FragileYard::start(PROGRAM, Settings::default())?;
    let api = Api::new(yard.address());
    let kept = async |retention: Value| -> Result<Value> {
        let answer = api.patch("/api/v1/queues/test", &json!({ "retention": retention })).await?;
        Ok(answer.json::<Value>()?["retention"].take())
    };
    let all = json!({ "max_age_ms": null, "max_count": null });
    let set =
        json!({ "completed": all, "failed": all, "cancelled": { "max_age_ms": 60_000, "max_count": 9 } });
    assert_eq!(kept(set.clone()).await?, set);
    let mut expected = set;
    expected["completed"] = json!({ "max_age_ms": null, "max_count": 5 });
    assert_eq!(kept(json!({ "completed": { "max_count": 5 } })).await?, expected);
    for nothing in [json!({}), json!(null)] {
        assert_eq!(kept(nothing).await?, expected);
    }
    Ok(())
}
