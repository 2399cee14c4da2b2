//! Operations on all jobs that match a filter.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limits::MAX_KEPT_OPERATIONS;
use taskyard_shared::new_job::OnFailure;
use taskyard_shared::operation::{BulkAction, OperationId, OperationState};
use taskyard_shared::view::JobFilter;

use super::TestYard;
use super::yard::{after, completed, job, per_customer};
use crate::store::ops::{ClearedGroup, JobInsert};

fn of_queue(name: &str) -> JobFilter {
    JobFilter { queue: Some(name.to_owned()), ..JobFilter::default() }
}

/// One job in each state, in the order of [`JobState::ALL`].
fn one_in_each_state(yard: &mut TestYard) -> Vec<JobId> {
    let ended = [JobState::Completed, JobState::Failed, JobState::Cancelled];
    let ended = ended.map(|state| yard.add_ended("demo", state));
    let running = yard.run("demo");
    let pending = yard.add("demo");
    let scheduled = yard.add_job(JobInsert { run_at_ms: Some(90_000), ..job("demo", "later") });
    let waiting = yard.add_job(after(&[running], OnFailure::Stop));
    vec![pending, running, ended[0], ended[1], ended[2], scheduled, waiting]
}

fn states(yard: &TestYard, ids: &[JobId]) -> Vec<JobState> {
    ids.iter().map(|id| yard.state(*id)).collect()
}

pub fn an_operation_waits_before_it_begins(mut yard: TestYard) {
    let id = yard.add("demo");
    yard.now_ms = 5_000;
    let operation = yard.start_operation(BulkAction::Cancel {}, of_queue("demo"));
    assert_eq!((operation.id, operation.state), (OperationId(1), OperationState::Waiting));
    assert_eq!((operation.created_at_ms, operation.starts_at_ms), (5_000, 15_000));
    assert_eq!((operation.finished_at_ms, operation.looked_at, operation.done), (None, 0, 0));
    assert_eq!(operation.to_look_at, 1);
    assert_eq!(yard.state(id), JobState::Pending);
    assert_eq!(yard.writer.load().unwrap().operations, [operation]);
}

pub fn an_operation_can_be_undone_until_it_begins(mut yard: TestYard) {
    let id = yard.add("demo");
    let operation = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    let undone = yard.undo(operation.id).expect("it exists");
    assert_eq!((undone.state, undone.done), (OperationState::Undone, 0));
    assert!(undone.finished_at_ms.is_some());
    assert_eq!(yard.undo(operation.id), Some(undone), "once is enough");
    assert_eq!(yard.step(operation.id, 9).operation, None);
    assert_eq!(yard.state(id), JobState::Pending);
    let second = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    let done = yard.step(second.id, 9).operation.expect("it goes on");
    assert_eq!(yard.undo(second.id), Some(done), "too late");
    assert_eq!(yard.undo(OperationId(77)), None);
}

pub fn cancelling_all_cancels_what_has_not_ended(mut yard: TestYard) {
    let ids = one_in_each_state(&mut yard);
    let operation = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    let step = yard.step(operation.id, 100);
    let mut moved: Vec<_> = step.moved.iter().map(|moved| (moved.from, moved.job.state)).collect();
    moved.sort_unstable();
    let cancelled = JobState::Cancelled;
    assert_eq!(
        moved,
        [
            (JobState::Pending, cancelled),
            (JobState::Processing, cancelled),
            (JobState::Scheduled, cancelled),
            (JobState::Waiting, cancelled)
        ]
    );
    assert!(step.changed.is_empty() && step.removed.is_empty());

    let operation = step.operation.expect("it goes on");
    assert_eq!((operation.state, operation.looked_at, operation.done), (OperationState::Done, 4, 4));
    assert_eq!(yard.writer.load().unwrap().operations, [operation]);
    assert_eq!(
        yard.detail(ids[1]).attempts[0].outcome,
        Some(taskyard_shared::job::AttemptOutcome::Cancelled)
    );
    yard.assert_counts_are_exact();
}

pub fn retrying_all_retries_what_failed_or_was_cancelled(mut yard: TestYard) {
    let ids = one_in_each_state(&mut yard);
    let operation = yard.start_operation(BulkAction::Retry {}, JobFilter::default());
    let step = yard.step(operation.id, 100);
    let moved: Vec<_> = step.moved.iter().map(|moved| moved.job.id).collect();
    assert_eq!(moved, [ids[3], ids[4]]);
    assert_eq!(yard.state(ids[5]), JobState::Scheduled, "its time has not come");
    yard.assert_counts_are_exact();
}

pub fn deleting_all_deletes_what_has_ended(mut yard: TestYard) {
    let ids = one_in_each_state(&mut yard);
    let other = yard.add_ended("other", JobState::Completed);
    let operation = yard.start_operation(BulkAction::Delete {}, JobFilter::default());
    let step = yard.step(operation.id, 100);
    let group = |queue: &str, state, id| ClearedGroup { queue: queue.into(), state, ids: vec![id] };
    assert_eq!(
        step.removed,
        [
            group("demo", JobState::Completed, ids[2]),
            group("demo", JobState::Failed, ids[3]),
            group("demo", JobState::Cancelled, ids[4]),
            group("other", JobState::Completed, other)
        ]
    );
    assert_eq!(step.operation.expect("it goes on").done, 4);
    assert_eq!(yard.reader.job(ids[3]).unwrap(), None);
    yard.assert_counts_are_exact();
}

pub fn reprioritising_all_concerns_what_has_not_begun(mut yard: TestYard) {
    let ids = one_in_each_state(&mut yard);
    yard.set_priority(ids[5], 6);
    let operation = yard.start_operation(BulkAction::Reprioritise { priority: 6 }, JobFilter::default());
    let step = yard.step(operation.id, 100);
    let changed: Vec<_> = step.changed.iter().map(|row| (row.id, row.priority)).collect();
    assert_eq!(changed, [(ids[0], 6), (ids[6], 6)], "one has it already");
    assert_eq!(step.operation.expect("it goes on").done, 2);
    assert!(step.moved.is_empty());
}

pub fn an_operation_concerns_what_matches_when_it_is_looked_at(mut yard: TestYard) {
    let ids: Vec<_> = (0..4).map(|_| yard.add("demo")).collect();
    let other = yard.add("other");
    let filter = JobFilter { states: vec![JobState::Pending], ..of_queue("demo") };
    let operation = yard.start_operation(BulkAction::Cancel {}, filter);
    let late = yard.add("demo");
    yard.claim("demo", 1);
    let step = yard.step(operation.id, 100);
    assert_eq!(step.operation.expect("it goes on").done, 3);
    let (pending, cancelled) = (JobState::Pending, JobState::Cancelled);
    assert_eq!(states(&yard, &ids), [JobState::Processing, cancelled, cancelled, cancelled]);
    assert_eq!(states(&yard, &[other, late]), [pending, pending], "it was not stored yet");
}

pub fn an_operation_goes_on_step_by_step(mut yard: TestYard) {
    let ids: Vec<_> = (0..5).map(|_| yard.add("demo")).collect();
    let operation = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    for (looked_at, state) in
        [(2, OperationState::Running), (4, OperationState::Running), (5, OperationState::Done)]
    {
        let step = yard.step(operation.id, 2);
        let operation = step.operation.expect("it goes on");
        assert_eq!((operation.looked_at, operation.done, operation.state), (looked_at, looked_at, state));
        assert_eq!(operation.finished_at_ms.is_some(), state == OperationState::Done);
    }
    assert_eq!(states(&yard, &ids), [JobState::Cancelled; 5]);
    let over = yard.step(operation.id, 2);
    assert_eq!((over.operation, over.moved), (None, vec![]));
    assert_eq!(yard.step(OperationId(77), 2).operation, None);
}

pub fn an_operation_keeps_counts_of_limits_right(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    let ids: Vec<_> = (0..4).map(|_| yard.add("demo")).collect();
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    let higher = yard.start_operation(BulkAction::Reprioritise { priority: 6 }, JobFilter::default());
    yard.step(higher.id, 3);
    assert_eq!(yard.limit_counts(), (1, 1, 3));
    let operation = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    yard.step(operation.id, 3);
    assert_eq!(yard.limit_counts(), (1, 1, 1), "its work goes on");
    yard.work_ended(ids[0]);
    assert_eq!(yard.claim_ids("demo", 9), ids[3..]);
}

pub fn an_operation_has_those_told_that_wait(mut yard: TestYard) {
    let first = yard.run("other");
    let next = yard.add_job(after(&[first], OnFailure::Continue));
    let cancel = yard.start_operation(BulkAction::Cancel {}, of_queue("other"));
    assert!(yard.step(cancel.id, 9).resolves);
    assert_eq!(yard.resolve_all(), [(next, JobState::Pending)]);
    let last = yard.add_job(after(&[next], OnFailure::Stop));
    yard.claim("demo", 1);
    yard.finish(next, 1, completed());
    yard.resolve_all();
    let third = yard.add_job(after(&[next], OnFailure::Stop));
    let delete = yard.start_operation(BulkAction::Delete {}, JobFilter::default());
    assert!(yard.step(delete.id, 9).resolves);
    yard.resolve_all();
    assert_eq!(states(&yard, &[last, third]), [JobState::Pending; 2]);
}

pub fn the_newest_fifty_operations_that_have_ended_are_kept(mut yard: TestYard) {
    let waiting = yard.start_operation(BulkAction::Cancel {}, JobFilter::default());
    for _ in 0..MAX_KEPT_OPERATIONS + 2 {
        let operation = yard.start_operation(BulkAction::Delete {}, JobFilter::default());
        yard.undo(operation.id);
    }
    let kept: Vec<_> = yard.writer.load().unwrap().operations.iter().map(|kept| kept.id.0).collect();
    let newest = (4..MAX_KEPT_OPERATIONS as u64 + 4).rev();
    assert_eq!(kept, newest.chain([waiting.id.0]).collect::<Vec<_>>());
}
