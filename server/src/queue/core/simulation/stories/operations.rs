//! Operations on many jobs.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limits::MAX_KEPT_OPERATIONS;
use taskyard_shared::operation::{BulkAction, NewOperation, OperationId, OperationState};
use taskyard_shared::view::JobFilter;

use crate::queue::core::Input;
use crate::queue::core::simulation::world::World;
use crate::queue::messages::QueueError;

fn cancel_alpha(world: &mut World) {
    let filter = JobFilter { queue: Some("alpha".to_owned()), ..JobFilter::default() };
    let operation = NewOperation { action: BulkAction::Cancel {}, filter, undo_ms: 10_000 };
    world.request(|request| Input::StartOperation { request, operation });
    world.commit_all();
}

fn count(world: &World, state: JobState) -> usize {
    world.stored_states().values().filter(|known| **known == state).count()
}

#[test]
fn operation_waits_and_then_does_it_to_every_job_stored_when_it_was_asked_for() {
    let mut world = World::new();
    world.add("alpha", 600);
    world.commit_all();
    cancel_alpha(&mut world);
    world.add("alpha", 3);
    world.commit_all();
    assert_eq!(count(&world, JobState::Cancelled), 0, "it may still be undone");
    world.pass_time(10_000);
    world.commit_all();
    assert_eq!(count(&world, JobState::Cancelled), 600);
    let operation = world.lists().operations.remove(0);
    assert_eq!((operation.state, operation.done), (OperationState::Done, 600));
    assert!(world.stored_states()[&JobId(601)] != JobState::Cancelled);
}

#[test]
fn undone_operation_does_nothing() {
    let mut world = World::new();
    world.add("alpha", 5);
    world.commit_all();
    cancel_alpha(&mut world);
    world.request(|request| Input::UndoOperation { request, id: OperationId(1) });
    world.commit_all();
    world.pass_time(60_000);
    world.commit_all();
    assert_eq!(count(&world, JobState::Cancelled), 0);
    assert_eq!(world.lists().operations[0].state, OperationState::Undone);
}

#[test]
fn operation_that_has_begun_cannot_be_undone() {
    let mut world = World::new();
    world.add("alpha", 5);
    world.commit_all();
    cancel_alpha(&mut world);
    world.pass_time(10_000);
    world.commit_all();
    let undo = world.request(|request| Input::UndoOperation { request, id: OperationId(1) });
    world.commit_all();
    assert_eq!(world.answers.last(), Some(&(undo, Err(QueueError::OperationBegan(OperationId(1))))));
}

#[test]
fn operation_goes_on_where_it_was_when_the_process_is_killed() {
    let mut world = World::new();
    world.add("alpha", 900);
    world.commit_all();
    cancel_alpha(&mut world);
    world.pass_time(10_000);
    world.commit(1);
    let before = count(&world, JobState::Cancelled);
    assert!(before > 0 && before < 900, "in the middle: {before}");
    world.crash_process();
    world.commit_all();
    assert_eq!(count(&world, JobState::Cancelled), 900);
}

#[test]
fn operations_on_their_way_to_the_disk_count_towards_the_maximum() {
    let mut world = World::new();
    world.commit_all();
    let start = |world: &mut World| {
        let filter = JobFilter::default();
        let operation = NewOperation { action: BulkAction::Cancel {}, filter, undo_ms: 10_000 };
        world.request(|request| Input::StartOperation { request, operation })
    };
    for _ in 0..MAX_KEPT_OPERATIONS {
        start(&mut world);
    }
    let refused = start(&mut world);
    assert_eq!(world.answers.last(), Some(&(refused, Err(QueueError::TooManyOperations))));
    world.refuse(1);
    let admitted = start(&mut world);
    world.commit_all();
    assert!(world.answers.iter().any(|(request, answer)| *request == admitted && answer.is_ok()));
}
