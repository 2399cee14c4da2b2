//! How far running work is.

use taskyard_shared::job::Progress;

use super::{done, running};
use crate::queue::core::simulation::world::World;

#[test]
fn last_progress_is_kept_also_when_it_comes_while_an_earlier_one_is_being_stored() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    for thousandths in [100, 200, 300] {
        world.progress(0, thousandths);
    }
    assert_eq!(world.waiting().count(), 1, "one at a time");
    world.commit_all();
    assert_eq!(world.job(first.job).progress, Progress::from_thousandths(300));
}

#[test]
fn progress_that_a_failing_disk_refuses_is_written_when_it_works_again() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.progress(0, 100);
    world.refuse(1);
    world.progress(0, 50);
    assert_eq!(world.waiting().count(), 0, "not before the store is asked again");
    world.pass_time(1_000);
    world.commit_all();
    assert_eq!(world.job(first.job).progress, Progress::from_thousandths(50), "the newest");
}

#[test]
fn progress_of_work_that_has_ended_is_let_go() {
    let mut world = World::new();
    let first = running(&mut world, "alpha");
    world.progress(0, 100);
    world.progress(0, 200);
    world.end_work(first, done());
    world.commit_all();
    assert_eq!(world.job(first.job).progress, Progress::DONE);
}
