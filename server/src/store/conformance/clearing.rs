//! Deleting finished jobs.

use taskyard_shared::job::JobState;

use super::TestYard;
use super::yard::{clear, completed, failed, file, job};
use crate::store::ops::{ClearedGroup, OpResult};

pub fn clearing_deletes_finished_jobs_and_all_that_belongs_to_them(mut yard: TestYard) {
    let mut with_files = job("demo", "photo");
    with_files.inputs = vec![file("in.png", 'a')];
    let id = yard.add_job(with_files);
    yard.claim("demo", 1);
    yard.finish(id, 1, failed(&"long ".repeat(100)));
    yard.retry(id);
    yard.claim("demo", 1);
    yard.finish_with(id, 2, completed(), vec![file("out.png", 'b')]);
    let (cancelled, running, waiting) =
        (yard.add_ended("demo", JobState::Cancelled), yard.run("demo"), yard.add("demo"));
    let op = clear(None, yard.now_ms, 100);
    let group = |state, id| ClearedGroup { queue: "demo".into(), state, ids: vec![id] };
    let groups = vec![group(JobState::Completed, id), group(JobState::Cancelled, cancelled)];
    assert_eq!(yard.apply(op), OpResult::Cleared { groups, more: false, resolves: false });
    assert_eq!(yard.reader.job(id).unwrap(), None);
    let sums = ["a".repeat(64), "b".repeat(64)];
    assert_eq!(yard.reader.unreferenced(&sums).unwrap(), sums);
    assert_eq!((yard.state(running), yard.state(waiting)), (JobState::Processing, JobState::Pending));
    yard.assert_counts_are_exact();
}

pub fn clearing_takes_what_finished_first_up_to_its_limit(mut yard: TestYard) {
    let ids: Vec<_> = (0..4).map(|_| yard.add("demo")).collect();
    yard.claim("demo", 4);
    for (place, finished_at_ms) in [(2, 10), (0, 20), (3, 30), (1, 40)] {
        yard.now_ms = finished_at_ms;
        yard.finish(ids[place], 1, completed());
    }
    assert_eq!(yard.clear(None, 9, 10), (vec![], false));
    assert_eq!(yard.clear(None, 30, 2), (vec![1, 3], true));
    assert_eq!(yard.clear(None, 30, 2), (vec![4], false));
    assert_eq!(yard.clear(None, 40, 1), (vec![2], true));
    assert_eq!(yard.clear(None, 40, 1), (vec![], false));
    yard.assert_counts_are_exact();
}

pub fn clearing_can_be_limited_to_one_queue(mut yard: TestYard) {
    yard.add_ended("zebra", JobState::Failed);
    yard.add_ended("ant", JobState::Completed);
    yard.add_ended("zebra", JobState::Completed);
    assert_eq!(yard.clear(Some("unknown"), i64::MAX, 10), (vec![], false));
    assert_eq!(yard.clear(Some("ant"), i64::MAX, 10), (vec![2], false));
    yard.add_ended("ant", JobState::Completed);
    assert_eq!(yard.clear(None, i64::MAX, 10), (vec![3, 1, 4], false), "queues in their order, then states");
}

pub fn ids_are_not_used_again_after_clearing(mut yard: TestYard) {
    yard.add_ended("demo", JobState::Completed);
    let last = yard.add_ended("demo", JobState::Failed);
    yard.clear(None, i64::MAX, 10);
    assert_eq!(yard.add("demo").0, last.0 + 1);
}
