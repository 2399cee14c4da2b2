//! Transactions, commits and counts.

use taskyard_shared::job::JobState;
use taskyard_shared::queue::StateCounts;

use super::TestYard;
use super::yard::{completed, failed, file, insert, job};
use crate::store::ops::{QueueSettings, WriteOp};
use crate::store::{CommitSeq, StoreError};

pub fn a_batch_that_fails_applies_nothing(mut yard: TestYard) {
    let first = yard.run("demo");
    let before = yard.writer.load().unwrap();
    let mut twice = job("broken", "two inputs of one name");
    twice.inputs = vec![file("a.png", 'a'), file("a.png", 'b')];
    let ops = [
        insert(vec![job("new", "good")]),
        WriteOp::ConfigureQueue {
            queue: "demo".into(),
            settings: QueueSettings { paused: true, ..QueueSettings::with_concurrency(9) },
        },
        WriteOp::Finish { id: first, attempt: 1, end: completed(), artifacts: vec![file("b.png", 'b')] },
        insert(vec![job("demo", "good"), twice]),
    ];
    assert!(matches!(yard.try_apply(&ops), Err(StoreError::Refused(_))));
    assert_eq!(yard.writer.load().unwrap(), before);
    assert_eq!(yard.state(first), JobState::Processing);
    assert_eq!(yard.reader.unreferenced(&["b".repeat(64)]).unwrap().len(), 1);
    assert_eq!(yard.add("demo").0, 2, "the ids of what failed are free");
    assert!(yard.finish(first, 1, completed()).is_some());
    yard.assert_counts_are_exact();
}

pub fn only_what_changes_something_is_a_commit(mut yard: TestYard) {
    let id = yard.run("demo");
    assert_eq!(yard.writer.load().unwrap().commit, CommitSeq(2));
    yard.configure("demo", 1, false);
    yard.claim("demo", 4);
    yard.finish(id, 2, completed());
    yard.report(id, 1, 0);
    yard.clear(None, i64::MAX, 10);
    yard.retry(id);
    assert_eq!(yard.try_apply(&[]).unwrap().commit, CommitSeq(2));
    assert_eq!(yard.writer.load().unwrap().commit, CommitSeq(2));
    yard.report(id, 1, 10);
    assert_eq!(yard.writer.load().unwrap().commit, CommitSeq(3));
}

pub fn counts_follow_every_transition(mut yard: TestYard) {
    for state in [JobState::Completed, JobState::Failed, JobState::Failed, JobState::Cancelled] {
        yard.add_ended("demo", state);
    }
    yard.run("demo");
    yard.add("demo");
    yard.add("other");
    let expected = StateCounts {
        pending: 1,
        processing: 1,
        completed: 1,
        failed: 2,
        cancelled: 1,
        ..StateCounts::default()
    };
    assert_eq!(yard.counts("demo"), expected);
    assert_eq!(yard.counts("other"), StateCounts { pending: 1, ..StateCounts::default() });
    let run_again = yard.claim("other", 1)[0].job.id;
    yard.finish(run_again, 1, failed("no"));
    yard.retry(run_again);
    yard.assert_counts_are_exact();
}
