//! Histories by name, each a promise.

mod adding;
mod failures;
mod limits;
mod operations;
mod order;
mod progress;
mod retention;
pub mod schedules;
mod slots_and_cancels;
mod waking;
mod workflows;

use serde_json::json;

use super::world::World;
use crate::queue::core::AttemptId;
use crate::store::{AfterFailure, AttemptEnd};

fn done() -> AttemptEnd {
    AttemptEnd::Completed { result: json!(1), reused: None }
}

fn failed() -> AttemptEnd {
    AttemptEnd::Failed { error: "no luck".to_owned(), then: AfterFailure::Undecided }
}

fn running(world: &mut World, queue: &str) -> AttemptId {
    world.add(queue, 1);
    world.commit_all();
    world.pick_work(0).unwrap()
}
