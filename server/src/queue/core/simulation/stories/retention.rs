//! What is kept of finished jobs.

use taskyard_shared::job::JobState;
use taskyard_shared::queue::{Keep, QueueChange, RetentionChange};

use crate::queue::core::Input;
use crate::queue::core::simulation::world::World;
use crate::queue::messages::QueueError;

fn keep(world: &mut World, completed: Keep) -> Vec<QueueError> {
    let all = Some(Keep::default());
    let retention = RetentionChange { completed: Some(completed), failed: all, cancelled: all };
    let change = QueueChange { retention: Some(retention), ..QueueChange::default() };
    let request = world.request(|request| Input::Configure { request, queue: "alpha".to_owned(), change });
    world.commit_all();
    let answers = world.answers.iter().filter(|(asked, _)| *asked == request);
    answers.filter_map(|(_, answer)| answer.clone().err()).collect()
}

fn completed(world: &mut World, jobs: usize) {
    world.add("alpha", jobs);
    world.run_to_the_end();
}

fn minutes(world: &mut World, minutes: u32) {
    for _ in 0..minutes {
        world.pass_time(60_000);
        world.commit_all();
    }
}

#[test]
fn old_jobs_go_and_young_ones_stay() {
    let mut world = World::new();
    completed(&mut world, 600);
    keep(&mut world, Keep { max_age_ms: Some(600_000), max_count: None });
    minutes(&mut world, 8);
    assert_eq!(world.stored_states().len(), 600);
    minutes(&mut world, 6);
    assert_eq!(world.stored_states().len(), 0);
}

#[test]
fn newest_stay_where_a_count_is_set() {
    let mut world = World::new();
    completed(&mut world, 600);
    keep(&mut world, Keep { max_age_ms: None, max_count: Some(10) });
    minutes(&mut world, 3);
    let left: Vec<u64> = world.stored_states().into_keys().map(|id| id.0).collect();
    assert_eq!(left, (591..=600).collect::<Vec<_>>());
}

#[test]
fn jobs_that_have_not_ended_are_never_deleted() {
    let mut world = World::new();
    world.add("alpha", 3);
    world.commit_all();
    keep(&mut world, Keep { max_age_ms: Some(60_000), max_count: Some(0) });
    minutes(&mut world, 10);
    let states: Vec<JobState> = world.stored_states().into_values().collect();
    assert_eq!(states, [JobState::Processing, JobState::Pending, JobState::Pending]);
}

#[test]
fn age_below_a_minute_is_refused() {
    let mut world = World::new();
    completed(&mut world, 1);
    let errors = keep(&mut world, Keep { max_age_ms: Some(59_999), max_count: None });
    assert!(matches!(errors[..], [QueueError::BadSetting(_)]), "{errors:?}");
}
