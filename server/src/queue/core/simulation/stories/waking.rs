//! The core is woken when it can do something, and not otherwise.

use taskyard_shared::schedule::Schedule;

use super::schedules::{every_minute, set_schedule};
use super::{done, running};
use crate::queue::core::Input;
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;

const MINUTE_MS: i64 = 60_000;

/// Time passes, and the disk does `disk` to what is asked of it.
fn pass(world: &mut World, ms: i64, disk: impl Fn(&mut World)) {
    let until_ms = world.now_ms + ms;
    while world.now_ms < until_ms {
        world.pass_time(until_ms - world.now_ms);
        disk(world);
    }
}

#[test]
fn core_that_drains_is_not_woken_for_what_it_does_not_begin() {
    let mut world = World::new();
    let work = running(&mut world, "alpha");
    set_schedule(&mut world, every_minute("tick"));
    world.add_jobs(vec![Shape { delay_ms: Some(1_000), ..Shape::plain(0) }.insert(0, world.now_ms)]);
    world.commit_all();
    world.request(|request| Input::Drain { request });
    let before = world.wakes;
    pass(&mut world, 10 * MINUTE_MS, World::commit_all);
    assert!(world.wakes - before <= 1, "{} times", world.wakes - before);
    world.end_work(work, done());
    world.commit_all();
    assert_eq!(world.stored_jobs().len(), 2);
}

#[test]
fn store_that_refuses_is_asked_once_a_second() {
    let mut world = World::new();
    let work = running(&mut world, "alpha");
    set_schedule(&mut world, every_minute("tick"));
    world.commit_all();
    world.end_work(work, done());
    world.refuse(usize::MAX);
    let before = world.wakes;
    pass(&mut world, MINUTE_MS + 10_000, |world| world.refuse(usize::MAX));
    let wakes = world.wakes - before;
    assert!((60..=75).contains(&wakes), "{wakes} times in 70 seconds");
    world.run_to_the_end();
}

#[test]
fn schedule_that_cannot_be_read_wakes_nobody() {
    let mut world = World::new();
    set_schedule(&mut world, every_minute("tick"));
    world.commit_all();
    world.store_schedule(Schedule { cron: "of a later version".to_owned(), ..every_minute("tick") });
    world.crash_queue();
    world.commit_all();
    let before = world.wakes;
    pass(&mut world, 10 * MINUTE_MS, World::commit_all);
    assert!(world.wakes - before <= 25, "{} times", world.wakes - before);
    assert_eq!(world.stored_jobs().len(), 0);
}
