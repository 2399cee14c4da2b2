//! Schedules: at their time, once, and what becomes of runs that were missed.

use taskyard_shared::job::JobState;
use taskyard_shared::limits::MAX_SCHEDULES;
use taskyard_shared::new_job::NewJob;
use taskyard_shared::schedule::{Missed, Overlap, Schedule};

use super::done;
use crate::cron::Cron;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;
use crate::queue::core::{Answer, Input, NewSchedule, RequestId};
use crate::queue::messages::QueueError;

const MINUTE_MS: i64 = 60_000;

pub fn every_minute(name: &str) -> Schedule {
    Schedule {
        name: name.to_owned(),
        cron: "* * * * *".to_owned(),
        zone: "UTC".to_owned(),
        job: NewJob::new("mail", serde_json::json!({})),
        overlap: Overlap::Allow,
        missed: Missed::RunOnce,
        paused: false,
    }
}

pub fn set_schedule(world: &mut World, schedule: Schedule) -> RequestId {
    let cron = Cron::parse(&schedule.cron, &schedule.zone).unwrap();
    let job = Shape::plain(0).insert(0, world.now_ms);
    let schedule = Box::new(NewSchedule { schedule, cron, job });
    world.request(|request| Input::SetSchedule { request, schedule })
}

fn tick(world: &mut World, overlap: Overlap, missed: Missed) {
    set_schedule(world, Schedule { overlap, missed, ..every_minute("tick") });
    world.commit_all();
}

fn pause(world: &mut World, paused: bool) {
    world.request(|request| Input::PauseSchedule { request, name: "tick".to_owned(), paused });
}

fn run(world: &mut World) {
    world.request(|request| Input::RunSchedule { request, name: "tick".to_owned() });
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
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    minutes(&mut world, 5);
    let created: Vec<i64> = world.stored_jobs().iter().map(|job| job.created_at_ms).collect();
    assert_eq!(created.len(), 5);
    assert!(created.iter().all(|at_ms| at_ms % MINUTE_MS == 0), "{created:?}");
}

fn missed_runs(overlap: Overlap, missed: Missed) -> usize {
    let mut world = World::new();
    tick(&mut world, overlap, missed);
    world.sleep(10 * MINUTE_MS + MINUTE_MS / 2);
    world.crash_process();
    world.pass_time(0);
    world.commit_all();
    world.stored_jobs().len()
}

#[test]
fn runs_missed_while_the_process_was_down_are_made_up_for_as_the_schedule_says() {
    assert_eq!(missed_runs(Overlap::Allow, Missed::RunOnce), 1);
    assert_eq!(missed_runs(Overlap::Allow, Missed::Skip), 1, "the latest is not a minute late");
    assert_eq!(missed_runs(Overlap::Allow, Missed::RunAll), 11);
}

#[test]
fn missed_runs_of_a_schedule_that_overlaps_not_are_made_up_for_by_the_newest() {
    assert_eq!(missed_runs(Overlap::Skip, Missed::RunAll), 1);
    assert_eq!(missed_runs(Overlap::Replace, Missed::RunAll), 1);
}

#[test]
fn very_many_missed_runs_are_made_up_for_up_to_a_bound() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunAll);
    world.sleep(400 * 24 * 60 * MINUTE_MS);
    world.pass_time(0);
    world.commit_all();
    assert_eq!(world.stored_jobs().len(), 100);
    let latest_ms = world.now_ms - world.now_ms % MINUTE_MS;
    assert_eq!(world.lists().schedules[0].last_run_at_ms, Some(latest_ms));
}

#[test]
fn run_is_left_out_while_the_one_before_goes_on() {
    let mut world = World::new();
    tick(&mut world, Overlap::Skip, Missed::RunOnce);
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
    tick(&mut world, Overlap::Replace, Missed::RunOnce);
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
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    pause(&mut world, true);
    world.commit_all();
    minutes(&mut world, 5);
    assert_eq!(world.stored_jobs().len(), 0);
    run(&mut world);
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
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    until_due(&mut world);
    run(&mut world);
    world.commit_all();
    world.pass_time(1_000);
    world.commit_all();
    assert_eq!(world.stored_jobs().len(), 2, "the one that was due, and the one by hand");
}

#[test]
fn run_by_hand_while_a_pause_is_being_stored_ends_no_pause() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    pause(&mut world, true);
    run(&mut world);
    world.commit_all();
    minutes(&mut world, 3);
    assert_eq!(world.stored_jobs().len(), 1, "the one by hand");
}

#[test]
fn pause_behind_a_change_that_is_being_stored_undoes_nothing_of_it() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    set_schedule(&mut world, Schedule { cron: "0 9 * * *".to_owned(), ..every_minute("tick") });
    pause(&mut world, true);
    world.commit_all();
    let status = world.lists().schedules.remove(0);
    assert_eq!((status.schedule.cron.as_str(), status.schedule.paused), ("0 9 * * *", true));
}

#[test]
fn schedule_that_is_being_stored_can_be_paused_and_run() {
    let mut world = World::new();
    set_schedule(&mut world, every_minute("tick"));
    run(&mut world);
    pause(&mut world, true);
    world.commit_all();
    assert!(world.lists().schedules[0].schedule.paused);
    assert_eq!(world.stored_jobs().len(), 1);
}

#[test]
fn pause_behind_a_removal_brings_nothing_back() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    world.request(|request| Input::RemoveSchedule { request, name: "tick".to_owned() });
    pause(&mut world, true);
    let refusal = Err(QueueError::NoSuchSchedule("tick".to_owned()));
    assert_eq!(world.answers.last().map(|(_, answer)| answer), Some(&refusal));
    world.commit_all();
    assert_eq!(world.lists().schedules, []);
}

#[test]
fn change_that_the_store_refuses_leaves_the_schedule_as_it_was() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    pause(&mut world, true);
    world.refuse(1);
    assert!(matches!(world.answers.last(), Some((_, Err(QueueError::StoreFailed(_))))));
    minutes(&mut world, 3);
    assert_eq!(world.stored_jobs().len(), 3);
}

#[test]
fn schedule_does_not_run_between_the_answers_to_two_changes() {
    let mut world = World::new();
    tick(&mut world, Overlap::Allow, Missed::RunOnce);
    run(&mut world);
    pause(&mut world, true);
    world.sleep(MINUTE_MS);
    world.commit(1);
    world.commit_all();
    minutes(&mut world, 3);
    assert_eq!(world.stored_jobs().len(), 1, "the one by hand");
}

#[test]
fn schedules_on_their_way_to_the_disk_count_towards_the_maximum() {
    let mut world = World::new();
    let names: Vec<String> = (0..=MAX_SCHEDULES).map(|number| format!("s{number}")).collect();
    let requests: Vec<_> = names.iter().map(|name| set_schedule(&mut world, every_minute(name))).collect();
    world.commit_all();
    let refused = (requests[MAX_SCHEDULES], Err(QueueError::TooManySchedules));
    assert!(world.answers.contains(&refused));
    assert_eq!(world.lists().schedules.len(), MAX_SCHEDULES);
    let last = world.answers.last().map(|(_, answer)| answer);
    assert!(matches!(last, Some(Ok(Answer::Schedule(_)))), "{last:?}");
}

#[test]
fn jobs_of_a_schedule_run_also_when_the_store_had_not_kept_their_queue() {
    let mut world = World::new();
    world.commit_all();
    set_schedule(&mut world, every_minute("tick"));
    // The settings of the queue.
    world.refuse_alone(1);
    world.commit_all();
    world.crash_queue();
    minutes(&mut world, 1);
    run(&mut world);
    world.commit_all();
    assert_eq!(world.started.len(), 2);
}
