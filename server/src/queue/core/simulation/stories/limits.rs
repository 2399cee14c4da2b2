//! Limits hold, and hold up nobody else.

use taskyard_shared::job::JobId;
use taskyard_shared::limit::{Limit, Rate};
use taskyard_shared::limits::MAX_LIMITS;
use taskyard_shared::operation::{BulkAction, NewOperation};
use taskyard_shared::view::JobFilter;

use super::done;
use crate::queue::core::Input;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;
use crate::queue::messages::QueueError;

fn per_customer(concurrency: Option<u32>, rate: Option<Rate>) -> Limit {
    Limit {
        name: "one".to_owned(),
        queue: None,
        kind: Some("mail".to_owned()),
        key: Some("/customer".to_owned()),
        concurrency,
        rate,
    }
}

fn set(world: &mut World, limit: Limit) {
    world.request(|request| Input::SetLimit { request, limit });
    world.commit_all();
}

fn add(world: &mut World, customers: &[u8]) {
    let now_ms = world.now_ms;
    let shape = |customer: &u8| Shape { customer: *customer, queue: 1, ..Shape::plain(0) }.insert(0, now_ms);
    world.add_jobs(customers.iter().map(shape).collect());
    world.commit_all();
}

#[test]
fn limited_job_does_not_hold_up_the_ones_behind_it() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    // The queue has two slots.
    add(&mut world, &[1, 1, 1, 1, 2]);
    assert_eq!(world.started, [1, 5].map(JobId), "one of each customer");
}

#[test]
fn next_job_of_a_key_starts_when_the_one_before_has_ended() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    add(&mut world, &[1, 1, 1]);
    for _ in 0..3 {
        let attempt = world.pick_work(0).unwrap();
        assert_eq!(world.pick_work(1), Some(attempt), "one at a time");
        world.end_work(attempt, done());
        world.commit_all();
    }
    assert_eq!(world.started, [1, 2, 3].map(JobId), "in their order");
}

#[test]
fn cancelled_job_counts_until_its_work_has_ended() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    add(&mut world, &[1, 1]);
    let first = world.pick_work(0).unwrap();
    world.request(|request| Input::Cancel { request, id: first.job });
    world.commit_all();
    assert_eq!(world.started.len(), 1, "the work of the first goes on");
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.started, [1, 2].map(JobId));
}

#[test]
fn rate_spreads_the_starts() {
    let mut world = World::new();
    set(&mut world, per_customer(None, Some(Rate { count: 2, per_ms: 10_000, burst: 1 })));
    add(&mut world, &[1, 1, 1]);
    let began_ms = world.now_ms;
    let mut starts = vec![(world.started.len(), 0)];
    for _ in 0..40 {
        if let Some(attempt) = world.pick_work(0) {
            world.end_work(attempt, done());
        }
        world.pass_time(500);
        world.commit_all();
        if starts.last().is_none_or(|(count, _)| *count < world.started.len()) {
            starts.push((world.started.len(), world.now_ms - began_ms));
        }
    }
    assert_eq!(starts, [(1, 0), (2, 5_000), (3, 10_000)]);
}

#[test]
fn raised_limit_lets_those_that_were_held_back_start() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    add(&mut world, &[1, 1]);
    assert_eq!(world.started.len(), 1);
    set(&mut world, per_customer(Some(2), None));
    assert_eq!(world.started, [1, 2].map(JobId));
}

#[test]
fn removed_limit_lets_all_start() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    add(&mut world, &[1, 1]);
    world.request(|request| Input::RemoveLimit { request, name: "one".to_owned() });
    world.commit_all();
    assert_eq!(world.started, [1, 2].map(JobId));
}

#[test]
fn held_back_jobs_are_remembered_over_a_crash_of_the_process() {
    let mut world = World::new();
    set(&mut world, per_customer(Some(1), None));
    add(&mut world, &[1, 1, 1]);
    world.crash_process();
    world.commit_all();
    assert_eq!(world.pick_work(0), world.pick_work(1), "still one at a time");
    world.run_to_the_end();
}

#[test]
fn limits_on_their_way_to_the_disk_count_towards_the_maximum() {
    let mut world = World::new();
    let named = |number: usize| Limit { name: format!("l{number}"), ..per_customer(Some(1), None) };
    for number in 0..MAX_LIMITS {
        world.request(|request| Input::SetLimit { request, limit: named(number) });
    }
    let known = world.request(|request| Input::SetLimit { request, limit: named(0) });
    let new = world.request(|request| Input::SetLimit { request, limit: named(MAX_LIMITS) });
    assert_eq!(world.answers.last(), Some(&(new, Err(QueueError::TooManyLimits))));
    world.commit_all();
    assert!(world.answers.iter().any(|(request, answer)| *request == known && answer.is_ok()));
    assert_eq!(world.lists().limits.len(), MAX_LIMITS);
}

/// Its first attempt began before there was a limit, the second is held back by that and counts.
#[test]
fn slot_of_a_limit_is_given_back_when_an_attempt_is_cancelled_that_had_not_begun() {
    let mut world = World::new();
    add(&mut world, &[1]);
    let first = world.pick_work(0).unwrap();
    set(&mut world, per_customer(Some(1), None));
    let cancel = |world: &mut World| {
        world.request(|request| Input::Cancel { request, id: first.job });
        world.commit_all();
    };
    cancel(&mut world);
    let filter = JobFilter::default();
    let operation = NewOperation { action: BulkAction::Retry {}, filter, undo_ms: 0 };
    world.request(|request| Input::StartOperation { request, operation });
    world.commit_all();
    world.pass_time(1);
    world.commit_all();
    assert_eq!(world.job(first.job).attempt, 2, "claimed, and held back by its own work");
    cancel(&mut world);
    assert_eq!(world.lists().limits[0].running, 1);
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.lists().limits[0].running, 0);
    add(&mut world, &[1]);
    assert_eq!(world.pick_work(0).map(|attempt| attempt.job), Some(JobId(2)));
}
