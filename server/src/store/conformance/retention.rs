//! Deleting some of the jobs that have ended.

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::new_job::OnFailure;

use super::TestYard;
use super::yard::{after, completed, failed};
use crate::store::EndedJob;
use crate::store::ops::{ClearedGroup, DeleteResult, JobInsert, OpResult, WriteOp};

fn clear_state(yard: &mut TestYard, state: JobState, finished_by_ms: i64, limit: u32) -> (Vec<u64>, bool) {
    let op = WriteOp::Clear { queue: None, state: Some(state), finished_by_ms, limit };
    match yard.apply(op) {
        OpResult::Cleared { groups, more, .. } => {
            assert!(groups.iter().all(|group| group.state == state));
            (groups.into_iter().flat_map(|group| group.ids).map(|id| id.0).collect(), more)
        }
        other => panic!("{other:?}"),
    }
}

pub fn clearing_can_be_limited_to_one_state(mut yard: TestYard) {
    for state in [JobState::Completed, JobState::Failed, JobState::Cancelled, JobState::Completed] {
        yard.add_ended("demo", state);
    }
    yard.add("demo");
    assert_eq!(clear_state(&mut yard, JobState::Completed, i64::MAX, 9), (vec![1, 4], false));
    assert_eq!(clear_state(&mut yard, JobState::Pending, i64::MAX, 9), (vec![], false), "it has not ended");
    assert_eq!(clear_state(&mut yard, JobState::Failed, 0, 9), (vec![], false), "not that long ago");
    assert_eq!(clear_state(&mut yard, JobState::Failed, i64::MAX, 1), (vec![2], true));
    yard.assert_counts_are_exact();
}

pub fn a_result_is_kept_while_a_job_that_takes_it_up_has_not_ended(mut yard: TestYard) {
    let first = yard.add_ended("demo", JobState::Completed);
    let other = yard.add_ended("demo", JobState::Completed);
    let taker = yard.add_job(JobInsert { takes_results: true, ..after(&[first], OnFailure::Stop) });
    yard.add_job(after(&[other], OnFailure::Stop));
    yard.resolve_all();
    assert_eq!(clear_state(&mut yard, JobState::Completed, i64::MAX, 1), (vec![other.0], true));
    assert_eq!(clear_state(&mut yard, JobState::Completed, i64::MAX, 9), (vec![], false));
    let claimed = yard.claim("demo", 1).remove(0);
    assert_eq!((claimed.job.id, claimed.results[0].1.is_some()), (taker, true));
    yard.finish(taker, 1, failed("try again"));
    yard.retry(taker);
    assert_eq!(clear_state(&mut yard, JobState::Completed, i64::MAX, 9), (vec![], false), "it runs again");
    yard.cancel(taker);
    assert_eq!(clear_state(&mut yard, JobState::Completed, i64::MAX, 9), (vec![first.0], false));
    yard.assert_counts_are_exact();
}

pub fn a_wanted_result_can_be_deleted_by_a_person(mut yard: TestYard) {
    let first = yard.add_ended("demo", JobState::Completed);
    let taker = yard.add_job(JobInsert { takes_results: true, ..after(&[first], OnFailure::Continue) });
    assert!(matches!(yard.delete(first), DeleteResult::Deleted { .. }));
    yard.resolve_all();
    yard.cancel(taker);
    yard.assert_counts_are_exact();
}

pub fn clearing_goes_state_by_state_and_there_by_the_time_of_the_end(mut yard: TestYard) {
    let ids: Vec<_> = (0..5).map(|_| yard.add("demo")).collect();
    yard.claim("demo", 5);
    for (place, end) in [(4, failed("no")), (3, completed()), (2, failed("no")), (1, completed())] {
        yard.finish(ids[place], 1, end);
    }
    yard.cancel(ids[0]);
    assert_eq!(yard.clear(None, i64::MAX, 1), (vec![4], true));
    assert_eq!(yard.clear(None, i64::MAX, 2), (vec![2, 5], true));
    assert_eq!(yard.clear(None, i64::MAX, 9), (vec![3, 1], false));
}

pub fn a_single_finished_job_can_be_deleted(mut yard: TestYard) {
    let ended = [JobState::Completed, JobState::Failed, JobState::Cancelled];
    for state in ended {
        let id = yard.add_ended("demo", state);
        let group = ClearedGroup { queue: "demo".into(), state, ids: vec![id] };
        assert_eq!(yard.delete(id), DeleteResult::Deleted { group, resolves: false });
        assert_eq!(yard.reader.job(id).unwrap(), None);
        assert_eq!(yard.delete(id), DeleteResult::NotFound);
    }
    yard.assert_counts_are_exact();
    assert_eq!(yard.add("demo").0, 4, "no id is used twice");
}

pub fn a_job_that_has_not_ended_cannot_be_deleted(mut yard: TestYard) {
    let running = yard.run("demo");
    let pending = yard.add("demo");
    assert_eq!(yard.delete(running), DeleteResult::WrongState(JobState::Processing));
    assert_eq!(yard.delete(pending), DeleteResult::WrongState(JobState::Pending));
    for unknown in [JobId(0), JobId(77), JobId(u64::MAX)] {
        assert_eq!(yard.delete(unknown), DeleteResult::NotFound);
    }
}

pub fn a_retried_job_is_safe_from_clearing(mut yard: TestYard) {
    let id = yard.add_ended("demo", JobState::Failed);
    yard.retry(id);
    assert_eq!(yard.clear(None, i64::MAX, 9), (vec![], false));
    yard.cancel(id);
    assert_eq!(clear_state(&mut yard, JobState::Failed, i64::MAX, 9), (vec![], false));
    assert_eq!(clear_state(&mut yard, JobState::Cancelled, i64::MAX, 9), (vec![id.0], false));
}

pub fn ended_jobs_come_in_the_order_of_their_ends(mut yard: TestYard) {
    for (queue, state) in [
        ("a", JobState::Failed),
        ("b", JobState::Completed),
        ("a", JobState::Completed),
        ("b", JobState::Cancelled),
        ("a", JobState::Completed),
    ] {
        yard.add_ended(queue, state);
    }
    yard.run("a");
    yard.retry(JobId(4));
    // Several of one millisecond.
    let ids = yard.add_jobs((0..3).map(|_| super::yard::job("c", "x")).collect());
    let cancels: Vec<_> = ids.iter().rev().map(|id| WriteOp::Cancel { id: *id }).collect();
    yard.try_apply(&cancels).expect("accepted");
    // A result that is still wanted.
    yard.add_job(JobInsert { takes_results: true, ..after(&[JobId(2)], OnFailure::Stop) });

    let mut after = EndedJob { at_ms: 0, id: JobId(0) };
    let mut found = Vec::new();
    loop {
        let page = yard.reader.ended(after, 2).expect("readable");
        let Some(last) = page.last() else { break };
        after = EndedJob { at_ms: last.finished_at_ms.expect("it ended"), id: last.id };
        found.extend(page.iter().map(|job| job.id.0));
    }
    assert_eq!(found, [1, 2, 3, 5, 7, 8, 9]);
    let same_time = EndedJob { at_ms: after.at_ms, id: JobId(0) };
    assert_eq!(yard.reader.ended(same_time, 9).expect("readable").len(), 3);
}
