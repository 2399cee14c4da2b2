//! Jobs that are to run at a time: put off, tried again, or added by a schedule.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use taskyard::store::{SqliteStore, Store, WriteOp};
use taskyard_shared::command::Reply;
use taskyard_shared::job::{AttemptOutcome, JobState};
use taskyard_shared::new_job::{Backoff, BackoffCurve, NewJob};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::make_file;
use taskyard_tests::patience::eventually;
use taskyard_tests::test_worker::{Does, TestArgs};

use crate::ending::{End, WORK, completed_from, now_ms, outcomes, start, until_past};

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

#[tokio::test]
async fn scheduled_jobs_run_at_their_time_after_a_kill() -> Result<()> {
    scheduled_jobs_run_at_their_time(End::Killed).await
}

#[tokio::test]
async fn scheduled_jobs_run_at_their_time_after_a_stop() -> Result<()> {
    scheduled_jobs_run_at_their_time(End::Stopped).await
}

async fn scheduled_jobs_run_at_their_time(end: End) -> Result<()> {
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let mut jobs = Vec::new();
    for delay_ms in [700, 3_000] {
        let job = NewJob { delay_ms: Some(delay_ms), ..TestArgs::default().job() };
        let not_before_ms = now_ms()? + delay_ms as i64;
        jobs.push((api.add(&job).await?, not_before_ms));
    }
    let far_off = api.add(&NewJob { delay_ms: Some(HOUR_MS as u64), ..TestArgs::default().job() }).await?;
    let before = api.job(far_off).await?.job;

    end.end(&mut yard)?;
    until_past(jobs[0].1 + SECOND_MS)?;
    yard.restart()?;
    let api = Api::new(yard.address());
    for (job, not_before_ms) in jobs {
        let ran = api.job_when(job, JobState::Completed).await?;
        assert!(ran.attempts.iter().all(|attempt| attempt.started_at_ms >= not_before_ms), "{ran:?}");
        assert_eq!(outcomes(&ran), [AttemptOutcome::Completed]);
    }
    assert_eq!(api.job(far_off).await?.job, before);
    assert_eq!(before.state, JobState::Scheduled);
    Ok(())
}

#[tokio::test]
async fn retries_go_on_with_their_count_and_their_wait_after_a_kill() -> Result<()> {
    retries_go_on_with_their_count_and_their_wait(End::Killed).await
}

#[tokio::test]
async fn retries_go_on_with_their_count_and_their_wait_after_a_stop() -> Result<()> {
    retries_go_on_with_their_count_and_their_wait(End::Stopped).await
}

fn retried(args: TestArgs, queue: &str, max_attempts: u32, wait_ms: u64) -> NewJob {
    let backoff =
        Backoff { curve: BackoffCurve::Fixed, base_ms: wait_ms, max_ms: wait_ms, jitter_percent: 0 };
    NewJob { max_attempts: Some(max_attempts), backoff: Some(backoff), ..args.job_in(queue) }
}

async fn retries_go_on_with_their_count_and_their_wait(end: End) -> Result<()> {
    use AttemptOutcome::{Completed, Failed, Lost};
    const WAIT_MS: i64 = 1_500;
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let go_on = yard.path("go-on");
    let blocks = TestArgs { does: Does::Block, fail_first: 1, ..TestArgs::default() }.file(&go_on);
    let cut_off = api.add(&retried(blocks, "c", 2, 100)).await?;
    eventually(WORK, async || {
        let job = api.job(cut_off).await?.job;
        Ok((job.attempt == 2 && job.state == JobState::Processing).then_some(()))
    })
    .await?;
    let fails = |first| TestArgs { fail_first: first, ..TestArgs::default() };
    let recovers = api.add(&retried(fails(2), "a", 4, WAIT_MS as u64)).await?;
    let hopeless = api.add(&retried(fails(9), "b", 2, WAIT_MS as u64)).await?;
    for job in [recovers, hopeless] {
        eventually(WORK, async || Ok((api.job(job).await?.job.failures > 0).then_some(()))).await?;
    }

    let api = end.and_back(&mut yard)?;
    make_file(&go_on)?;
    let recovered = api.job_when(recovers, JobState::Completed).await?;
    assert_eq!((outcomes(&recovered), recovered.job.failures), (vec![Failed, Failed, Completed], 2));
    for pair in recovered.attempts.windows(2) {
        let waited_ms = pair[1].started_at_ms - pair[0].ended_at_ms.context("it has ended")?;
        // The wait counts from the end of the work, and `ended_at_ms` is when that was on the disk: a little later.
        assert!(pair[0].outcome == Some(Lost) || waited_ms > WAIT_MS / 2, "{recovered:?}");
    }
    let failed = api.job_when(hopeless, JobState::Failed).await?;
    assert_eq!((outcomes(&failed), failed.job.failures), (vec![Failed, Failed], 2));
    let completed = api.job_when(cut_off, JobState::Completed).await?;
    let all: Vec<_> = completed.attempts.iter().filter_map(|attempt| attempt.outcome).collect();
    assert_eq!(
        (all, completed.job.failures),
        (vec![Failed, Lost, Completed], 1),
        "what was lost is no failure"
    );
    Ok(())
}

fn schedule(name: &str, cron: String, missed: Missed) -> Schedule {
    let job = TestArgs::default().note(name).job();
    let (name, zone) = (name.to_owned(), "UTC".to_owned());
    Schedule { name, cron, zone, job, overlap: Overlap::Allow, missed, paused: false }
}

/// Answers the schedule as it stands then.
async fn set(api: &Api, schedule: &Schedule) -> Result<ScheduleStatus> {
    let answer = api.put(&format!("/api/v1/schedules/{}", schedule.name), &json!(schedule)).await?;
    match answer.json()? {
        Reply::ScheduleSet { schedule } => Ok(*schedule),
        other => anyhow::bail!("the schedule was not set: {other:?}"),
    }
}

async fn schedules(api: &Api) -> Result<Vec<ScheduleStatus>> {
    let answer: Value = api.get("/api/v1/schedules").await?.json()?;
    Ok(serde_json::from_value(answer["schedules"].clone())?)
}

/// Waits until each schedule has run at or after this.
async fn until_run(api: &Api, at_ms: i64) -> Result<()> {
    eventually(WORK, async || {
        let has_run = |status: &ScheduleStatus| status.last_run_at_ms.is_some_and(|run| run >= at_ms);
        Ok(schedules(api).await?.iter().all(has_run).then_some(()))
    })
    .await
}

/// Jobs that the schedule has added.
async fn runs(api: &Api, name: &str) -> Result<i64> {
    Ok(api.all_jobs().await?.iter().filter(|job| job.name == name).count() as i64)
}

#[tokio::test]
async fn schedules_go_on_and_make_up_for_what_they_missed_after_a_kill() -> Result<()> {
    schedules_go_on_and_make_up_for_what_they_missed(End::Killed).await
}

#[tokio::test]
async fn schedules_go_on_and_make_up_for_what_they_missed_after_a_stop() -> Result<()> {
    schedules_go_on_and_make_up_for_what_they_missed(End::Stopped).await
}

async fn schedules_go_on_and_make_up_for_what_they_missed(end: End) -> Result<()> {
    const MISSED: i64 = 3;
    let mut yard = start()?;
    let api = Api::new(yard.address());
    let every_second = || "* * * * * *".to_owned();
    let first = set(&api, &schedule("all", every_second(), Missed::RunAll)).await?;
    let first_ms = first.next_run_at_ms.context("it does not run")?;
    set(&api, &schedule("once", every_second(), Missed::RunOnce)).await?;
    until_run(&api, first_ms + SECOND_MS).await?;

    end.end(&mut yard)?;
    until_past(now_ms()? + (MISSED + 1) * SECOND_MS)?;
    yard.restart()?;
    let api = Api::new(yard.address());
    until_run(&api, now_ms()? + SECOND_MS).await?;
    // Another time of the day ends the runs without a word about the latest one.
    let midnight = || "0 0 0 1 1 *".to_owned();
    let all = set(&api, &schedule("all", midnight(), Missed::RunAll)).await?;
    let once = set(&api, &schedule("once", midnight(), Missed::RunOnce)).await?;
    let counts = api.until_idle().await?;
    let due = |status: &ScheduleStatus| {
        Ok::<i64, anyhow::Error>(
            (status.last_run_at_ms.context("it has not run")? - first_ms) / SECOND_MS + 1,
        )
    };
    assert_eq!(counts.completed as i64, runs(&api, "all").await? + runs(&api, "once").await?);
    assert_eq!(runs(&api, "all").await?, due(&all)?, "each is made up for");
    let left_out = due(&once)? - runs(&api, "once").await?;
    assert!(left_out >= MISSED - 1, "one makes up for all that were missed; {left_out} were left out");
    Ok(())
}

/// Sets the schedules' next runs back, as a server leaves them that went down so long ago.
fn set_back(data: &std::path::Path, by_ms: i64) -> Result<()> {
    let mut writer = SqliteStore::open(data)?.writer()?;
    for mut schedule in writer.load()?.schedules {
        let next = schedule.status.next_run_at_ms.as_mut().context("it will not run")?;
        *next -= by_ms;
        writer.apply(&[WriteOp::SetSchedule { schedule: Box::new(schedule) }], now_ms()?)?;
    }
    Ok(())
}

#[tokio::test]
async fn runs_missed_for_hours_are_made_up_for_as_their_schedule_says() -> Result<()> {
    const HOURS: i64 = 5;
    let mut yard = start()?;
    let api = Api::new(yard.address());
    // Half an hour away from now: none of its runs is nearly on time.
    let minute = (now_ms()? / MINUTE_MS + 30) % 60;
    let policies = [("all", Missed::RunAll, HOURS), ("once", Missed::RunOnce, 1), ("skip", Missed::Skip, 0)];
    for (name, missed, _) in policies {
        set(&api, &schedule(name, format!("{minute} * * * *"), missed)).await?;
    }
    yard.kill9()?;
    set_back(&yard.data_folder(), HOURS * HOUR_MS)?;
    yard.restart()?;
    let api = Api::new(yard.address());
    let next = eventually(WORK, async || {
        let next: Vec<i64> =
            schedules(&api).await?.iter().filter_map(|status| status.next_run_at_ms).collect();
        let now_ms = now_ms()?;
        Ok((next.len() == 3 && next.iter().all(|next| *next > now_ms)).then_some(next))
    });
    for next_ms in next.await? {
        ensure!(next_ms - now_ms()? <= HOUR_MS, "the next run is left out too");
    }
    api.until_idle().await?;
    for (name, missed, expected) in policies {
        assert_eq!(runs(&api, name).await?, expected, "{missed:?}");
    }
    // A second restart finds nothing more to make up for.
    let api = End::Stopped.and_back(&mut yard)?;
    let counts = api.until_idle().await?;
    assert_eq!(counts.total() as i64, HOURS + 1);
    for job in api.all_jobs().await? {
        completed_from(&api.job(job.id).await?)?;
    }
    Ok(())
}
