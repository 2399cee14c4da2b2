//! Slots, cancels and crashes: the histories that went wrong before, or easily would.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::queue::QueueChange;

use super::{done, running};
use crate::queue::core::simulation::world::World;
use crate::queue::core::{Answer, Input};
use crate::queue::messages::QueueError;
use crate::store::WriteOp;

#[test]
fn cancelled_job_frees_its_slot_only_when_its_work_has_ended() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.add("alpha", 1);
    world.request(|request| Input::Cancel { request, id: first.job });
    world.commit_all();
    assert_eq!(world.stored_states()[&first.job], JobState::Cancelled);
    assert_eq!(world.pick_work(1), Some(first), "the second job must wait for the slot");
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.pick_work(0).unwrap().job, JobId(2));
}

/// So the commit that frees slots need not be waited for by the claim that fills them.
#[test]
fn a_queue_may_have_several_claims_under_way_but_never_more_than_its_slots() {
    let mut world = World::new();
    let limits = |world: &World| -> Vec<u32> {
        let claims = world.waiting().filter_map(|op| match op {
            WriteOp::Claim { queue, limit, .. } if **queue == *"beta" => Some(*limit),
            _ => None,
        });
        claims.collect()
    };
    world.add("beta", 1);
    world.add("beta", 1);
    let slots = world.queues().into_iter().find(|queue| queue.name == "beta").unwrap().concurrency;
    assert!(slots >= 2, "the story needs two slots");
    assert_eq!(limits(&world), [1, 1]);
    world.add("beta", 10);
    assert_eq!(limits(&world).iter().sum::<u32>(), slots);
    world.run_to_the_end();
}

#[test]
fn late_report_about_a_cancelled_attempt_changes_nothing() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.request(|request| Input::Cancel { request, id: first.job });
    // The work ends by itself while the cancel is on its way to the disk.
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.stored_states()[&first.job], JobState::Cancelled);
    world.run_to_the_end();
}

#[test]
fn cancel_then_clear_while_the_work_goes_on_harms_nothing() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.request(|request| Input::Cancel { request, id: first.job });
    world.commit_all();
    let clear = world.request(|request| Input::Clear { request, queue: None });
    world.commit_all();
    assert!(world.answers.contains(&(clear, Ok(Answer::Cleared { count: 1 }))));
    world.progress(0, 500);
    world.end_work(first, done());
    world.add("alpha", 1);
    world.run_to_the_end();
    assert_eq!(world.stored_states(), [(JobId(2), JobState::Completed)].into());
}

#[test]
fn cancelled_job_is_not_retried_beside_its_own_work() {
    let mut world = World::new();
    let first = running(&mut world, "beta");
    world.request(|request| Input::Cancel { request, id: first.job });
    world.commit_all();
    let retry = world.request(|request| Input::Retry { request, id: first.job });
    assert_eq!(world.answers.last(), Some(&(retry, Err(QueueError::StillStopping(first.job)))));
}

#[test]
fn paused_queue_starts_nothing_and_what_runs_goes_on() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    let change = QueueChange { paused: Some(true), concurrency: Some(5), ..QueueChange::default() };
    world.request(|request| Input::Configure { request, queue: "alpha".to_owned(), change });
    world.add("alpha", 3);
    world.commit_all();
    assert_eq!(world.pick_work(1), Some(first));
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.pick_work(0), None);
    assert_eq!(world.stored_states()[&first.job], JobState::Completed);
}

#[test]
fn job_that_was_running_at_three_deaths_of_the_process_is_failed() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    for _ in 0..3 {
        assert_ne!(world.stored_states()[&first.job], JobState::Failed);
        world.crash_process();
        world.commit_all();
    }
    assert_eq!(world.stored_states()[&first.job], JobState::Failed);
}
