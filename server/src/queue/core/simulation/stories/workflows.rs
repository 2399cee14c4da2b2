//! Jobs that come after others.

use std::collections::BTreeMap;

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::OnFailure;

use super::{done, failed};
use crate::queue::core::Input;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;
use crate::store::{AfterInsert, JobInsert};

fn after(world: &World, before: &[usize], on_failure: OnFailure) -> JobInsert {
    let mut job = Shape { on_failure, queue: 1, ..Shape::plain(0) }.insert(0, world.now_ms);
    job.after = before.iter().map(|place| AfterInsert::Inserted(*place)).collect();
    job
}

fn chain(world: &mut World, on_failure: OnFailure) {
    let jobs =
        vec![after(world, &[], on_failure), after(world, &[0], on_failure), after(world, &[1], on_failure)];
    world.add_jobs(jobs);
    world.commit_all();
}

fn states(world: &World) -> Vec<JobState> {
    world.stored_states().into_values().collect()
}

#[test]
fn chain_runs_one_after_the_other() {
    let mut world = World::new();
    chain(&mut world, OnFailure::Stop);
    assert_eq!(states(&world), [JobState::Processing, JobState::Waiting, JobState::Waiting]);
    for _ in 0..3 {
        let attempt = world.pick_work(0).unwrap();
        assert_eq!(world.pick_work(1), Some(attempt), "one at a time");
        world.end_work(attempt, done());
        world.commit_all();
    }
    assert_eq!(world.started, [1, 2, 3].map(JobId));
}

#[test]
fn failure_stops_the_chain_until_it_is_retried() {
    let mut world = World::new();
    chain(&mut world, OnFailure::Stop);
    let first = world.pick_work(0).unwrap();
    world.end_work(first, failed());
    world.commit_all();
    assert_eq!(states(&world), [JobState::Failed, JobState::Waiting, JobState::Waiting]);
    world.request(|request| Input::Retry { request, id: first.job });
    world.run_to_the_end();
    assert_eq!(states(&world), [JobState::Completed; 3]);
}

#[test]
fn failure_cancels_the_rest_where_that_is_wanted() {
    let mut world = World::new();
    chain(&mut world, OnFailure::Cancel);
    let first = world.pick_work(0).unwrap();
    world.end_work(first, failed());
    world.commit_all();
    assert_eq!(states(&world), [JobState::Failed, JobState::Cancelled, JobState::Cancelled]);
}

#[test]
fn failure_does_not_matter_where_that_is_wanted() {
    let mut world = World::new();
    chain(&mut world, OnFailure::Continue);
    let first = world.pick_work(0).unwrap();
    world.end_work(first, failed());
    world.commit_all();
    assert_eq!(world.pick_work(0).unwrap().job, JobId(2));
}

#[test]
fn job_after_one_that_has_ended_already_runs_at_once() {
    let mut world = World::new();
    world.add("alpha", 1);
    world.run_to_the_end();
    let mut job = Shape::plain(0).insert(0, world.now_ms);
    job.after = vec![AfterInsert::Stored(JobId(1))];
    world.add_jobs(vec![job]);
    world.commit_all();
    assert_eq!(world.pick_work(0).unwrap().job, JobId(2));
}

#[test]
fn deleted_job_cancels_what_waits_for_it() {
    let mut world = World::new();
    chain(&mut world, OnFailure::Stop);
    let first = world.pick_work(0).unwrap();
    world.end_work(first, failed());
    world.commit_all();
    world.request(|request| Input::Delete { request, id: first.job });
    world.commit_all();
    assert_eq!(world.stored_states()[&JobId(2)], JobState::Cancelled);
}

/// Each job comes after up to five of the 50 before it.
#[test]
fn graph_of_a_thousand_jobs_ends_in_a_legal_order_with_crashes_in_between() {
    let mut world = World::new();
    let mut edges: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut jobs = Vec::new();
    for place in 0..1_000_usize {
        let before: Vec<usize> = (1..=5)
            .filter_map(|step| place.checked_sub(1 + (place * 7 + step * step * 11) % 50))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        jobs.push(after(&world, &before, OnFailure::Stop));
        edges.insert(place, before);
    }
    world.add_jobs(jobs);
    let mut ended = 0;
    while let Some(attempt) = {
        world.commit_all();
        world.pick_work(ended)
    } {
        world.end_work(attempt, done());
        ended += 1;
        if ended % 300 == 0 {
            world.commit_all();
            world.crash_process();
        }
    }
    let mut last_start = BTreeMap::new();
    for (turn, job) in world.started.iter().enumerate() {
        last_start.insert(job.0 as usize - 1, turn);
    }
    assert_eq!(last_start.len(), 1_000, "every job ran");
    for (place, before) in edges {
        for earlier in before {
            assert!(last_start[&earlier] < last_start[&place], "{place} ran before {earlier}");
        }
    }
    assert!(states(&world).iter().all(|state| *state == JobState::Completed));
}
