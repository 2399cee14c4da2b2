//! Calls that add several jobs, of which some cannot be added.

use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_QUEUES;
use taskyard_shared::new_job::AddMode;
use taskyard_shared::queue::QueueChange;

use super::done;
use crate::queue::core::simulation::world::World;
use crate::queue::core::{AddedBy, Answer, Input};
use crate::store::conformance::yard::job;
use crate::store::{AddTerms, AfterInsert, IdempotencyKey, JobInsert};

fn add(world: &mut World, jobs: Vec<JobInsert>, terms: AddTerms) -> Vec<AddOutcome> {
    let request = world.request(|request| Input::Add { request, jobs, terms, by: AddedBy::Caller });
    world.commit_all();
    let answer = world.answers.iter().find(|(answered, _)| *answered == request);
    match answer {
        Some((_, Ok(Answer::Added(added)))) => added.outcomes.clone(),
        other => panic!("{other:?}"),
    }
}

fn each() -> AddTerms {
    AddTerms { mode: AddMode::Each, ..AddTerms::default() }
}

fn drain_alpha(world: &mut World) {
    world.add("alpha", 1);
    world.commit_all();
    world.end_work(world.pick_work(0).unwrap(), done());
    let change = QueueChange { draining: Some(true), ..QueueChange::default() };
    world.request(|request| Input::Configure { request, queue: "alpha".to_owned(), change });
    world.commit_all();
}

/// The codes of those that were refused.
fn codes(outcomes: &[AddOutcome]) -> Vec<Option<ErrorCode>> {
    let code = |outcome: &AddOutcome| match outcome {
        AddOutcome::Refused { error } => Some(error.code),
        _ => None,
    };
    outcomes.iter().map(code).collect()
}

#[test]
fn job_for_a_queue_that_drains_is_refused_and_the_others_are_added() {
    let mut world = World::new();
    drain_alpha(&mut world);
    let mut behind = job("beta", "behind the refused one");
    behind.after = vec![AfterInsert::Inserted(1)];
    let jobs = vec![job("gamma", "a"), job("alpha", "b"), behind, job("beta", "d")];
    let outcomes = add(&mut world, jobs, each());
    assert_eq!(codes(&outcomes), [None, Some(ErrorCode::WrongState), Some(ErrorCode::Conflict), None]);
    assert_eq!(world.started, [1, 2, 3].map(JobId));
    world.run_to_the_end();
}

#[test]
fn call_that_is_all_or_nothing_says_which_job_is_refused_and_makes_no_queue() {
    let mut world = World::new();
    drain_alpha(&mut world);
    let jobs = vec![job("gamma", "a"), job("alpha", "b")];
    let outcomes = add(&mut world, jobs, AddTerms::default());
    assert_eq!(outcomes[0], AddOutcome::NotAdded {});
    assert_eq!(codes(&outcomes), [None, Some(ErrorCode::WrongState)]);
    assert!(world.queues().iter().all(|queue| queue.name != "gamma"));
}

#[test]
fn job_that_would_need_one_queue_too_many_is_refused_alone() {
    let mut world = World::new();
    let free = MAX_QUEUES - world.queues().len();
    let mut jobs: Vec<_> = (0..=free).map(|number| job(&format!("q{number}"), "a job")).collect();
    jobs.push(job("q0", "another"));
    let codes = codes(&add(&mut world, jobs, each()));
    assert_eq!(codes[free], Some(ErrorCode::InvalidArguments));
    assert_eq!(codes.iter().flatten().count(), 1);
    assert_eq!(world.queues().len(), MAX_QUEUES);
}

#[test]
fn repeated_request_gets_its_first_answer_also_when_the_queue_drains_no_more() {
    let mut world = World::new();
    drain_alpha(&mut world);
    let terms = || AddTerms {
        idempotency: Some(IdempotencyKey { key: "k".to_owned(), fingerprint: "f".to_owned() }),
        ..each()
    };
    let jobs = || vec![job("alpha", "a"), job("beta", "b")];
    let first = add(&mut world, jobs(), terms());
    assert_eq!(codes(&first), [Some(ErrorCode::WrongState), None]);
    let change = QueueChange { draining: Some(false), ..QueueChange::default() };
    world.request(|request| Input::Configure { request, queue: "alpha".to_owned(), change });
    world.commit_all();
    assert_eq!(add(&mut world, jobs(), terms()), first);
}
