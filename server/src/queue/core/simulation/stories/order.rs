//! Who comes first, and that nobody comes never.

use taskyard_shared::job::JobId;

use super::{done, running};
use crate::queue::core::simulation::jobs::Shape;
use crate::queue::core::simulation::world::World;

fn add(world: &mut World, priorities: &[i16]) {
    let now_ms = world.now_ms;
    let jobs =
        priorities.iter().map(|priority| Shape { priority: *priority, ..Shape::plain(0) }.insert(0, now_ms));
    world.add_jobs(jobs.collect());
    world.commit_all();
}

fn finish_one(world: &mut World) {
    let attempt = world.pick_work(0).unwrap();
    world.end_work(attempt, done());
    world.commit_all();
}

#[test]
fn higher_priority_first_and_first_come_first_served_within_one() {
    let mut world = World::new();
    running(&mut world, "alpha");
    add(&mut world, &[0, 5, 0, 5, -5]);
    for _ in 0..6 {
        finish_one(&mut world);
    }
    assert_eq!(world.started, [1, 3, 5, 2, 4, 6].map(JobId));
}

#[test]
fn of_eight_starts_one_is_the_oldest_so_that_nothing_starves() {
    let mut world = World::new();
    running(&mut world, "alpha");
    add(&mut world, &[-100, -100]);
    // There is always somebody more important.
    for _ in 0..20 {
        add(&mut world, &[100, 100]);
        finish_one(&mut world);
    }
    let place = |job: u64| world.started.iter().position(|started| *started == JobId(job));
    let (Some(first), Some(second)) = (place(2), place(3)) else { panic!("starved: {:?}", world.started) };
    assert!(first <= 8 && second <= 16, "they started as number {first} and {second}");
}
