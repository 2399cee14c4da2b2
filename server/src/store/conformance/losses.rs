//! What a process that died leaves behind.

use taskyard_shared::job::{AttemptOutcome, JobState, Progress};

use super::TestYard;
use super::yard::{completed, file, job};
use crate::store::ops::AttemptEnd;

pub fn jobs_found_at_work_wait_again(mut yard: TestYard) {
    let (a, b) = (yard.run("demo"), yard.run("other"));
    yard.report(a, 1, 700);
    yard.now_ms = 90;
    assert_eq!(yard.writer.recover_lost(3, 90).unwrap(), 2);
    for id in [a, b] {
        let detail = yard.detail(id);
        assert_eq!((detail.job.state, detail.job.progress), (JobState::Pending, Progress::NONE));
        assert_eq!(detail.attempts[0].outcome, Some(AttemptOutcome::Lost));
        assert_eq!(detail.attempts[0].ended_at_ms, Some(90));
        assert_eq!(detail.error, None);
    }
    yard.assert_counts_are_exact();
    let commit = yard.writer.load().unwrap().commit;
    assert_eq!(yard.writer.recover_lost(3, 91).unwrap(), 0);
    assert_eq!(yard.writer.load().unwrap().commit, commit, "nothing changed");
    assert!(yard.finish(a, 1, completed()).is_none(), "it is nobody's any more");
}

pub fn a_job_that_was_lost_too_often_fails(mut yard: TestYard) {
    let id = yard.run("demo");
    for _ in 0..2 {
        yard.writer.recover_lost(3, 90).unwrap();
        assert_eq!(yard.claim("demo", 1)[0].job.id, id);
    }
    assert_eq!(yard.writer.recover_lost(3, 95).unwrap(), 1);
    let detail = yard.detail(id);
    assert_eq!((detail.job.state, detail.job.finished_at_ms), (JobState::Failed, Some(95)));
    assert!(detail.error.as_deref().is_some_and(|error| error.contains("died 3 times")), "{detail:?}");
    assert_eq!(detail.attempts.len(), 3);
    assert!(detail.attempts.iter().all(|attempt| attempt.outcome == Some(AttemptOutcome::Lost)));
    assert!(yard.claim("demo", 1).is_empty());
    yard.assert_counts_are_exact();
    yard.retry(id);
    assert_eq!(yard.claim("demo", 1)[0].job.attempt, 4, "a person may try it again");
}

pub fn a_released_attempt_is_not_a_loss(mut yard: TestYard) {
    let id = yard.run("demo");
    for attempt in 1..5 {
        yard.finish(id, attempt, AttemptEnd::Released);
        yard.claim("demo", 1);
    }
    yard.writer.recover_lost(2, 90).unwrap();
    assert_eq!(yard.state(id), JobState::Pending);
    yard.claim("demo", 1);
    yard.writer.recover_lost(2, 91).unwrap();
    assert_eq!(yard.state(id), JobState::Failed);
}

pub fn what_was_running_is_loaded_with_what_its_worker_needs(mut yard: TestYard) {
    let mut with_files = job("zebra", "photo");
    with_files.inputs = vec![file("in.png", 'a')];
    yard.add_job(with_files);
    yard.claim("zebra", 1);
    let other = yard.run("ant");
    yard.add("ant");
    let stored = yard.writer.load().unwrap();
    let ids: Vec<_> = stored.processing.iter().map(|claimed| claimed.job.id.0).collect();
    assert_eq!(ids, [1, other.0]);
    assert_eq!(stored.processing[0].inputs, [file("in.png", 'a')]);
    assert_eq!(stored.processing[0].args, r#"{"name":"photo"}"#);
    assert_eq!(*stored.processing[0].job, yard.detail(stored.processing[0].job.id).job);
}
