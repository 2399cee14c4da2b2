//! Schedules: at their time, once, and what becomes of runs that were missed.

use taskyard_shared::job::JobState;
use taskyard_shared::new_job::NewJob;
use taskyard_shared::schedule::{Missed, Overlap, Schedule};

use super::done;
use crate::cron::Cron;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;
use crate::queue::core::{Input, NewSchedule};

const MINUTE_MS: i64 = 60_000;

fn every_minute(world: &mut World, overlap: Overlap, missed: Missed) {
    let schedule = Schedule {
        name: "tick".to_owned(),
        cron: "* * * * *".to_owned(),
        zone: "UTC".to_owned(),
        job: NewJob::new("mail", serde_json::json!({})),
        overlap,
        missed,
        paused: false,
    };
    let cron = Cron::parse(&schedule.cron, &schedule.zone).unwrap();
    let job = Shape::plain(0).insert(0, world.now_ms);
    let schedule = Box::new(NewSchedule { schedule, cron, job });
    world.request(|request| Input::SetSchedule { request, schedule });
    world.commit_all();
}

/// Time passes minute by minute, and all work is done at once.
fn minutes(world: &mut World, minutes: i64) {
    let until_ms = world.now_ms + minutes * MINUTE_MS;
    while world.now_ms < until_ms {
        world.pass_time((until_ms - world.now_ms).min(1_000));
        world.commit_all();
        if let Some(attempt) = world.pick_work(0) {
            world.end_work(attempt, done());
            world.commit_all();
        }
    }
}

#[test]
fn schedule_adds_its_job_at_each_of_its_times() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, Missed::RunOnce);
    minutes(&mut world, 5);
    let created: Vec<i64> = world.stored_jobs().iter().map(|job| job.created_at_ms).collect();
    assert_eq!(created.len(), 5);
    assert!(created.iter().all(|at_ms| at_ms % MINUTE_MS == 0), "{created:?}");
}

fn missed_runs(missed: Missed) -> usize {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, missed);
    world.sleep(10 * MINUTE_MS + MINUTE_MS / 2);
    world.crash_process();
    world.pass_time(0);
    world.commit_all();
    world.stored_jobs().len()
}

#[test]
fn runs_missed_while_the_process_was_down_are_made_up_for_as_the_schedule_says() {
    assert_eq!(missed_runs(Missed::RunOnce), 1);
    assert_eq!(missed_runs(Missed::Skip), 1, "the latest is not a minute late");
    assert_eq!(missed_runs(Missed::RunAll), 11);
}

#[test]
fn very_many_missed_runs_are_made_up_for_up_to_a_bound() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, Missed::RunAll);
    world.sleep(400 * 24 * 60 * MINUTE_MS);
    world.pass_time(0);
    world.commit_all();
    let jobs = world.stored_jobs().len();
    assert!((50..=100).contains(&jobs), "{jobs} jobs");
}

#[test]
fn run_is_left_out_while_the_one_before_goes_on() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Skip, Missed::RunOnce);
    for _ in 0..240 {
        world.pass_time(1_000);
        world.commit_all();
    }
    assert_eq!(world.stored_jobs().len(), 1);
    assert!(world.lists().schedules[0].skipped >= 2);
}

#[test]
fn run_takes_the_place_of_the_one_before() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Replace, Missed::RunOnce);
    for _ in 0..130 {
        world.pass_time(1_000);
        world.commit_all();
    }
    let states: Vec<JobState> = world.stored_states().into_values().collect();
    assert!(states.len() >= 2);
    assert!(states[..states.len() - 1].iter().all(|state| *state == JobState::Cancelled), "{states:?}");
}

#[test]
fn paused_schedule_does_not_run() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, Missed::RunOnce);
    world.request(|request| Input::PauseSchedule { request, name: "tick".to_owned(), paused: true });
    world.commit_all();
    minutes(&mut world, 5);
    assert_eq!(world.stored_jobs().len(), 0);
    world.request(|request| Input::RunSchedule { request, name: "tick".to_owned() });
    world.commit_all();
    assert_eq!(world.stored_jobs().len(), 1, "but it may be run by hand");
}

/// Waits for the next full minute, whose run is then on its way to the disk and not there yet.
fn until_due(world: &mut World) {
    let left_ms = MINUTE_MS - world.now_ms % MINUTE_MS;
    world.pass_time(left_ms);
}

#[test]
fn run_by_hand_while_a_run_is_being_stored_repeats_none() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, Missed::RunOnce);
    until_due(&mut world);
    world.request(|request| Input::RunSchedule { request, name: "tick".to_owned() });
    world.commit_all();
    world.pass_time(1_000);
    world.commit_all();
    assert_eq!(world.stored_jobs().len(), 2, "the one that was due, and the one by hand");
}

#[test]
fn run_by_hand_while_a_pause_is_being_stored_ends_no_pause() {
    let mut world = World::new();
    every_minute(&mut world, Overlap::Allow, Missed::RunOnce);
    world.request(|request| Input::PauseSchedule { request, name: "tick".to_owned(), paused: true });
    world.request(|request| Input::RunSchedule { request, name: "tick".to_owned() });
    world.commit_all();
    minutes(&mut world, 3);
    assert_eq!(world.stored_jobs().len(), 1, "the one by hand");
}
