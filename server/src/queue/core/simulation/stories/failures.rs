//! Retries, snoozes, expiry, poison.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::Backoff;
use taskyard_shared::queue::QueueChange;

use super::{failed, running};
use crate::queue::core::Input;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;
use crate::store::{AfterFailure, AttemptEnd, KindSays};

fn with_attempts(world: &mut World, max_attempts: u32) {
    let mut job = Shape { max_attempts, ..Shape::plain(0) }.insert(0, world.now_ms);
    job.options.backoff = Backoff { base_ms: 10_000, jitter_percent: 0, ..Backoff::default() };
    world.add_jobs(vec![job]);
    world.commit_all();
}

#[test]
fn failed_job_is_tried_again_after_its_backoff_until_its_attempts_are_used_up() {
    let mut world = World::new();
    with_attempts(&mut world, 3);
    for wait_ms in [10_000, 20_000] {
        let attempt = world.pick_work(0).unwrap();
        world.end_work(attempt, failed());
        world.commit_all();
        let job = world.job(attempt.job);
        assert_eq!((job.state, job.run_at_ms), (JobState::Scheduled, Some(world.now_ms + wait_ms)));
        world.pass_time(wait_ms - 1);
        world.commit_all();
        assert_eq!(world.pick_work(0), None, "not before its time");
        world.pass_time(1);
        world.commit_all();
    }
    let last = world.pick_work(0).unwrap();
    assert_eq!(last.attempt, 3);
    world.end_work(last, failed());
    world.commit_all();
    assert_eq!(world.job(last.job).state, JobState::Failed);
}

#[test]
fn error_that_says_so_is_not_tried_again() {
    let mut world = World::new();
    with_attempts(&mut world, 3);
    let attempt = world.pick_work(0).unwrap();
    world.end_work(attempt, AttemptEnd::Failed { error: "never".to_owned(), then: AfterFailure::Final });
    world.commit_all();
    assert_eq!(world.job(attempt.job).state, JobState::Failed);
}

#[test]
fn error_that_names_a_time_is_not_tried_before() {
    let mut world = World::new();
    with_attempts(&mut world, 3);
    let attempt = world.pick_work(0).unwrap();
    let at_ms = world.now_ms + 600_000;
    let then = AfterFailure::NotBefore { at_ms };
    world.end_work(attempt, AttemptEnd::Failed { error: "later".to_owned(), then });
    world.commit_all();
    assert_eq!(world.job(attempt.job).run_at_ms, Some(at_ms));
}

#[test]
fn snooze_is_no_failure() {
    let mut world = World::new();
    with_attempts(&mut world, 1);
    for _ in 0..5 {
        let attempt = world.pick_work(0).unwrap();
        let until_ms = world.now_ms + 1_000;
        world.end_work(attempt, AttemptEnd::Snoozed { until_ms, reason: "not yet".to_owned() });
        world.commit_all();
        let job = world.job(attempt.job);
        assert_eq!((job.state, job.failures), (JobState::Scheduled, 0));
        world.pass_time(1_000);
        world.commit_all();
    }
    assert_eq!(world.pick_work(0).unwrap().attempt, 6);
}

#[test]
fn queue_says_how_often_unless_the_job_does() {
    let mut world = World::new();
    running(&mut world, "alpha");
    let change = QueueChange { max_attempts: Some(Some(7)), concurrency: Some(5), ..QueueChange::default() };
    world.request(|request| Input::Configure { request, queue: "alpha".to_owned(), change });
    let mut kinds_own = Shape { max_attempts: 2, ..Shape::plain(0) }.insert(0, world.now_ms);
    let jobs_own = kinds_own.clone();
    kinds_own.kind_says = KindSays { max_attempts: true, timeout: true };
    world.add_jobs(vec![kinds_own, jobs_own]);
    world.commit_all();
    assert_eq!([world.job(JobId(2)).max_attempts, world.job(JobId(3)).max_attempts], [7, 2]);
}

#[test]
fn job_is_not_started_after_its_expiry() {
    let mut world = World::new();
    running(&mut world, "alpha");
    let late = Shape { expires_in_ms: Some(5_000), ..Shape::plain(0) }.insert(0, world.now_ms);
    world.add_jobs(vec![late]);
    world.commit_all();
    world.pass_time(6_000);
    let first = world.pick_work(0).unwrap();
    world.end_work(first, super::done());
    world.commit_all();
    let job = world.job(JobId(2));
    assert_eq!((job.state, job.attempt), (JobState::Cancelled, 0));
    assert!(job.error.is_some(), "it says why");
}

#[test]
fn scheduled_job_runs_at_its_time_also_after_a_crash_of_the_process() {
    let mut world = World::new();
    let later = Shape { delay_ms: Some(30_000), ..Shape::plain(0) }.insert(0, world.now_ms);
    world.add_jobs(vec![later]);
    world.commit_all();
    world.crash_process();
    world.pass_time(29_999);
    world.commit_all();
    assert_eq!(world.pick_work(0), None);
    world.pass_time(1);
    world.commit_all();
    assert_eq!(world.pick_work(0).unwrap().job, JobId(1));
}

#[test]
fn end_that_the_store_refuses_for_good_is_written_as_a_failure_and_holds_up_nothing() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.end_work(first, super::done());
    world.refuse_alone(1);
    // The claim behind it, and whatever else, goes on at once.
    world.add("alpha", 1);
    world.add_jobs(vec![Shape { delay_ms: Some(100), ..Shape::plain(1) }.insert(0, world.now_ms)]);
    world.commit_all();
    world.pass_time(100);
    world.commit_all();
    assert_eq!(world.started, [1, 2, 3].map(JobId));
    let job = world.job(first.job);
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.unwrap().contains("could not be stored"));
    world.run_to_the_end();
}

#[test]
fn end_that_is_refused_even_as_a_failure_is_written_again_and_holds_up_nothing() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.end_work(first, super::done());
    for queue in ["beta", "beta", "gamma"] {
        world.refuse_alone(2);
        world.add(queue, 1);
        world.commit_all();
        world.pass_time(1_000);
    }
    assert_eq!(world.started.len(), 4);
    world.commit_all();
    assert_eq!(world.job(first.job).state, JobState::Failed);
}

#[test]
fn end_that_a_failing_disk_refuses_is_written_again_as_it_was() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.end_work(first, super::done());
    world.refuse(1);
    world.pass_time(1_000);
    world.commit_all();
    assert_eq!(world.job(first.job).state, JobState::Completed);
}
