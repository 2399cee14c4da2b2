//! Lists of the yard, for tests, and what a view of them promises.

use taskyard_shared::job::JobId;
use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::new_job::NewJob;
use taskyard_shared::operation::{BulkAction, Operation, OperationId, OperationState};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};
use taskyard_shared::view::{JobFilter, ViewDelta, YardLists};

use super::model::Model;
use crate::pubsub::CommitEvents;
use crate::store::CommitSeq;
use crate::views::yard_book::YardBook;
use crate::views::yard_view::YardView;

pub fn schedule(name: &str, skipped: u64) -> ScheduleStatus {
    ScheduleStatus {
        schedule: Schedule {
            name: name.to_owned(),
            cron: "@daily".to_owned(),
            zone: "UTC".to_owned(),
            job: NewJob::new("demo", serde_json::json!({})),
            overlap: Overlap::default(),
            missed: Missed::default(),
            paused: false,
        },
        next_run_at_ms: Some(1),
        last_run_at_ms: None,
        last_job: Some(JobId(1)),
        skipped,
    }
}

pub fn limit(name: &str, running: u64) -> LimitStatus {
    let limit =
        Limit { name: name.to_owned(), queue: None, kind: None, key: None, concurrency: Some(1), rate: None };
    LimitStatus { limit, keys: 1, running, held_back: 0 }
}

pub fn operation(id: u64, done: u64) -> Operation {
    Operation {
        id: OperationId(id),
        action: BulkAction::Retry {},
        filter: JobFilter::default(),
        state: OperationState::Running,
        created_at_ms: 0,
        starts_at_ms: 0,
        finished_at_ms: None,
        looked_at: done,
        to_look_at: 100,
        done,
    }
}

fn known(model: &Model) -> (YardBook, YardView) {
    let (mut book, mut view) = (YardBook::default(), YardView::default());
    book.apply(&model.reload());
    let _ = view.take_delta(&book);
    (book, view)
}

#[test]
fn a_delta_has_only_the_lists_that_differ_from_what_the_watchers_have() {
    let model = Model::default();
    let (mut book, mut view) = known(&model);
    assert_eq!(view.take_delta(&book), None);
    book.apply(&model.change_yard(|yard| yard.limits.push(limit("a", 0))));
    book.apply(&model.change_yard(|yard| yard.limits[0].running = 1));
    let limits = Some(vec![limit("a", 1)]);
    assert_eq!(
        view.take_delta(&book),
        Some(ViewDelta::Yard { schedules: None, limits, operations: None }),
        "once, as it is in the end"
    );
    // There and back again between two frames.
    book.apply(&model.change_yard(|yard| yard.limits[0].running = 2));
    book.apply(&model.change_yard(|yard| yard.limits[0].running = 1));
    assert_eq!(view.take_delta(&book), None);
}

#[test]
fn a_reload_that_repeats_what_is_known_changes_nothing() {
    let model = Model::default();
    let (mut book, _) = known(&model);
    assert!(book.apply(&model.change_yard(|yard| yard.schedules.push(schedule("nightly", 0)))));
    assert!(!book.apply(&model.reload()));
}

#[test]
fn the_lists_are_known_when_each_of_them_was_published() {
    let mut book = YardBook::default();
    let (schedules, limits, operations) = (Some(Vec::new()), Some(Vec::new()), Some(Vec::new()));
    book.apply(&CommitEvents { schedules, limits, ..CommitEvents::default() });
    assert!(!book.is_known());
    book.apply(&CommitEvents { operations, ..CommitEvents::default() });
    assert!(book.is_known());
}

#[test]
fn a_list_that_is_older_than_the_one_that_is_known_is_not_taken() {
    let mut book = YardBook::default();
    let at = |commit, running| CommitEvents {
        commit: CommitSeq(commit),
        limits: Some(vec![limit("a", running)]),
        ..CommitEvents::default()
    };
    assert!(book.apply(&at(7, 3)));
    assert!(!book.apply(&at(6, 2)));
    assert!(book.apply(&at(7, 4)), "the same commit may be told again");
    assert_eq!(book.limits.list().map(|list| list[0].running), Some(4));
}

#[test]
fn a_snapshot_is_what_the_watchers_have_not_what_comes_next() {
    let model = Model::default();
    let (mut book, mut view) = known(&model);
    book.apply(&model.change_yard(|yard| yard.operations.push(operation(1, 0))));
    assert_eq!(view.snapshot(), YardLists::default());
    let _ = view.take_delta(&book);
    assert_eq!(view.snapshot(), model.yard());
}
