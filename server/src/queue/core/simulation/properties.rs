//! Random sequences of everything that may happen, and by name the ones that went wrong before or easily would.

use proptest::prelude::*;
use serde_json::json;
use taskyard_shared::job::{JobId, JobState};

use super::world::{QUEUES, World};
use crate::queue::core::{Answer, AttemptId, Input};
use crate::queue::messages::QueueError;
use crate::store::AttemptEnd;

#[derive(Clone, Debug)]
enum Step {
    Add { queue: usize, count: usize },
    Cancel { id: u64 },
    Retry { id: u64 },
    Clear { queue: Option<usize> },
    Configure { queue: usize, paused: Option<bool>, concurrency: Option<u32> },
    Commit { count: usize },
    Refuse { count: usize },
    Complete { pick: usize },
    Fail { pick: usize },
    ReportAgain { pick: usize },
    Progress { pick: usize, thousandths: u16 },
    Wake,
    CrashQueue,
    CrashProcess,
}

fn step() -> impl Strategy<Value = Step> {
    let queue = 0..QUEUES.len();
    prop_oneof![
        8 => (queue.clone(), 1..4_usize).prop_map(|(queue, count)| Step::Add { queue, count }),
        5 => (1..30_u64).prop_map(|id| Step::Cancel { id }),
        3 => (1..30_u64).prop_map(|id| Step::Retry { id }),
        2 => prop::option::of(queue.clone()).prop_map(|queue| Step::Clear { queue }),
        4 => (queue, prop::option::of(any::<bool>()), prop::option::of(1..5_u32)).prop_map(
            |(queue, paused, concurrency)| Step::Configure { queue, paused, concurrency }
        ),
        20 => (1..6_usize).prop_map(|count| Step::Commit { count }),
        2 => (1..4_usize).prop_map(|count| Step::Refuse { count }),
        8 => any::<usize>().prop_map(|pick| Step::Complete { pick }),
        3 => any::<usize>().prop_map(|pick| Step::Fail { pick }),
        3 => any::<usize>().prop_map(|pick| Step::ReportAgain { pick }),
        3 => (any::<usize>(), 0..1100_u16)
            .prop_map(|(pick, thousandths)| Step::Progress { pick, thousandths }),
        2 => Just(Step::Wake),
        1 => Just(Step::CrashQueue),
        1 => Just(Step::CrashProcess),
    ]
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Add { queue, count } => {
            world.add(QUEUES[queue], count);
        }
        Step::Cancel { id } => {
            world.request(|request| Input::Cancel { request, id: JobId(id) });
        }
        Step::Retry { id } => {
            world.request(|request| Input::Retry { request, id: JobId(id) });
        }
        Step::Clear { queue } => {
            let queue = queue.map(|queue| QUEUES[queue].to_owned());
            world.request(|request| Input::Clear { request, queue });
        }
        Step::Configure { queue, paused, concurrency } => {
            let queue = QUEUES[queue].to_owned();
            world.request(|request| Input::Configure { request, queue, paused, concurrency });
        }
        Step::Commit { count } => world.commit(count),
        Step::Refuse { count } => world.refuse(count),
        Step::Complete { pick } => end(world, pick, completed()),
        Step::Fail { pick } => end(world, pick, AttemptEnd::Failed { error: "failed".to_owned() }),
        Step::ReportAgain { pick } => world.report_again(pick),
        Step::Progress { pick, thousandths } => world.progress(pick, thousandths),
        Step::Wake => world.wake(),
        Step::CrashQueue => world.crash_queue(),
        Step::CrashProcess => world.crash_process(),
    }
}

fn end(world: &mut World, pick: usize, end: AttemptEnd) {
    if let Some(id) = world.pick_work(pick) {
        world.end_work(id, end);
    }
}

fn completed() -> AttemptEnd {
    AttemptEnd::Completed { result: json!(1) }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(1024),
        ..ProptestConfig::default()
    })]

    /// The world checks after every step: no job twice at once, no queue beyond its concurrency, counts
    /// equal to the store's, only legal transitions, one answer for each request; and in the end that every
    /// acknowledged job has ended.
    #[test]
    fn whatever_happens_the_invariants_hold_and_every_job_ends(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let mut world = World::new();
        for step in steps {
            take(&mut world, step);
        }
        world.run_to_the_end();
    }
}

fn running(world: &mut World, queue: &str) -> AttemptId {
    world.add(queue, 1);
    world.commit_all();
    world.pick_work(0).unwrap()
}

#[test]
fn cancelled_job_frees_its_slot_only_when_its_work_has_ended() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.add("alpha", 1);
    world.request(|request| Input::Cancel { request, id: first.job });
    world.commit_all();
    assert_eq!(world.stored_states()[&first.job], JobState::Cancelled);
    assert_eq!(world.pick_work(1), Some(first), "the second job must wait for the slot");
    world.end_work(first, completed());
    world.commit_all();
    assert_eq!(world.pick_work(0).unwrap().job, JobId(2));
}

#[test]
fn late_report_about_a_cancelled_attempt_changes_nothing() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.request(|request| Input::Cancel { request, id: first.job });
    // The work ends by itself while the cancel is on its way to the disk.
    world.end_work(first, completed());
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
    world.end_work(first, completed());
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
    world.request(|request| Input::Configure {
        request,
        queue: "alpha".to_owned(),
        paused: Some(true),
        concurrency: Some(5),
    });
    world.add("alpha", 3);
    world.commit_all();
    assert_eq!(world.pick_work(1), Some(first));
    world.end_work(first, completed());
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
