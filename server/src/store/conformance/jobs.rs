//! What each operation does to a job.

use serde_json::{Value, json};
use taskyard_shared::job::{Attempt, AttemptOutcome, JobId, JobState, Progress};

use super::TestYard;
use super::yard::{claim, completed, failed, file, insert, job};
use crate::store::ops::{AttemptEnd, CancelResult, Moved, OpResult, RetryResult, WriteOp};

fn was_cancelled(result: &OpResult) -> bool {
    matches!(result, OpResult::Cancelled(CancelResult::Cancelled { .. }))
}

fn was_retried(result: &OpResult) -> bool {
    matches!(result, OpResult::Retried(RetryResult::Retried(_)))
}

fn cancelled(yard: &mut TestYard, id: JobId) -> Moved {
    match yard.cancel(id) {
        OpResult::Cancelled(CancelResult::Cancelled { moved, .. }) => moved,
        other => panic!("{other:?}"),
    }
}

pub fn ids_count_up_from_one(mut yard: TestYard) {
    let jobs = vec![job("demo", "a"), job("other", "b")];
    assert_eq!(yard.add_jobs(jobs), [JobId(1), JobId(2)]);
    assert_eq!(yard.add("demo"), JobId(3));
}

pub fn an_inserted_job_is_pending_and_has_the_time_of_its_commit(mut yard: TestYard) {
    yard.now_ms = 77;
    let id = yard.add("demo");
    let detail = yard.detail(id);
    assert_eq!((detail.job.name.as_str(), detail.job.detail.as_str()), ("a job", "3 s"));
    assert_eq!((detail.job.kind.as_str(), detail.job.queue.as_str()), ("demo", "demo"));
    assert_eq!((detail.job.state, detail.job.created_at_ms), (JobState::Pending, 77));
    assert_eq!((detail.job.started_at_ms, detail.job.finished_at_ms), (None, None));
    assert_eq!((detail.job.attempt, detail.job.progress), (0, Progress::NONE));
    assert_eq!((detail.args, detail.result, detail.error), (json!({"name": "a job"}), None, None));
    assert!(detail.attempts.is_empty());
}

pub fn claims_take_the_lowest_ids_of_their_queue_up_to_the_limit(mut yard: TestYard) {
    for queue in ["demo", "other", "demo", "demo"] {
        yard.add(queue);
    }
    yard.now_ms = 50;
    let claimed = yard.claim("demo", 2);
    assert_eq!(claimed.iter().map(|claimed| claimed.job.id.0).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(claimed[0].job.state, JobState::Processing);
    assert_eq!((claimed[0].job.attempt, claimed[0].job.started_at_ms), (1, Some(50)));
    assert_eq!(*claimed[0].job, yard.detail(JobId(1)).job);
    assert_eq!(yard.state(JobId(2)), JobState::Pending);
    assert_eq!(yard.claim("demo", 5).len(), 1);
    assert!(yard.claim("demo", 5).is_empty());
    assert!(yard.claim("other", 0).is_empty());
}

pub fn a_claim_hands_out_arguments_and_inputs(mut yard: TestYard) {
    let mut with_files = job("demo", "photo");
    with_files.inputs = vec![file("b.png", 'b'), file("a.png", 'a')];
    yard.add_job(with_files);
    let claimed = yard.claim("demo", 1).remove(0);
    assert_eq!(claimed.args, r#"{"name":"photo"}"#);
    assert_eq!(claimed.inputs.len(), 2);
    assert!(claimed.inputs.contains(&file("a.png", 'a')) && claimed.inputs.contains(&file("b.png", 'b')));
}

pub fn a_completed_job_has_its_result_and_full_progress(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.now_ms = 90;
    let row = yard.finish(id, 1, completed()).expect("it was running");
    assert_eq!((row.state, row.progress), (JobState::Completed, Progress::DONE));
    assert_eq!(row.finished_at_ms, Some(90));
    let detail = yard.detail(id);
    assert_eq!((&detail.job, detail.result), (&*row, Some(json!({"rows": 3}))));
    assert_eq!(detail.attempts.len(), 1);
    assert_eq!(detail.attempts[0].outcome, Some(AttemptOutcome::Completed));
    assert_eq!(detail.attempts[0].ended_at_ms, Some(90));

    let id = yard.run("demo");
    yard.finish(id, 1, AttemptEnd::Completed { result: Value::Null, reused: None });
    assert_eq!(yard.detail(id).result, Some(Value::Null));
}

pub fn a_job_that_took_an_earlier_result_names_the_job_that_made_it(mut yard: TestYard) {
    let earlier = yard.run("demo");
    yard.finish(earlier, 1, completed());
    for result in [json!({"rows": 3}), Value::Null] {
        let id = yard.run("demo");
        let row = yard.finish(id, 1, AttemptEnd::Completed { result: result.clone(), reused: Some(earlier) });
        let detail = yard.detail(id);
        assert_eq!(row.map(|row| row.state), Some(JobState::Completed));
        assert_eq!((detail.result, detail.reused), (Some(result), Some(earlier)));
    }
    assert_eq!(yard.detail(earlier).reused, None);
}

pub fn a_failed_job_shows_the_start_of_its_error_and_keeps_all_of_it(mut yard: TestYard) {
    let id = yard.run("demo");
    let error = "é".repeat(300);
    let row = yard.finish(id, 1, failed(&error)).expect("it was running");
    assert_eq!(row.state, JobState::Failed);
    assert_eq!(row.error.as_deref(), Some("é".repeat(200).as_str()));
    let detail = yard.detail(id);
    assert_eq!(detail.error.as_ref(), Some(&error));
    assert_eq!(detail.attempts[0].outcome, Some(AttemptOutcome::Failed));
    assert_eq!(detail.attempts[0].error, Some(error));
}

pub fn a_released_job_waits_again_and_its_attempt_is_lost(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.report(id, 1, 400);
    let row = yard.finish(id, 1, AttemptEnd::Released).expect("it was running");
    assert_eq!((row.state, row.progress), (JobState::Pending, Progress::NONE));
    assert_eq!((row.attempt, row.finished_at_ms), (1, None));
    assert_eq!(yard.detail(id).attempts[0].outcome, Some(AttemptOutcome::Lost));
    let again = yard.claim("demo", 1).remove(0);
    assert_eq!((again.job.id, again.job.attempt), (id, 2));
    let numbers: Vec<_> = yard.detail(id).attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2]);
}

pub fn a_report_about_an_attempt_that_is_over_changes_nothing(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.finish(id, 1, AttemptEnd::Released);
    assert!(yard.finish(id, 1, completed()).is_none(), "it waits");
    yard.claim("demo", 1);
    let before = yard.detail(id);
    assert!(yard.finish(id, 1, completed()).is_none(), "another attempt runs");
    assert!(yard.finish(id, 3, failed("from the future")).is_none());
    assert!(!yard.report(id, 1, 500));
    assert_eq!(yard.detail(id), before);
    yard.finish(id, 2, completed());
    let ended = yard.detail(id);
    assert!(yard.finish(id, 2, failed("late")).is_none());
    assert!(!yard.report(id, 2, 500));
    assert_eq!(yard.detail(id), ended);
}

pub fn progress_is_kept_until_the_next_attempt(mut yard: TestYard) {
    let id = yard.run("demo");
    let other = yard.add("demo");
    let half = Progress::from_thousandths(500);
    let reports = vec![(id, 1, half), (other, 1, half), (JobId(99), 1, half), (id, 1, half)];
    let changed = yard.apply(WriteOp::Progress { reports });
    assert_eq!(changed, OpResult::Progressed(vec![(id, half)]), "the second report says nothing new");
    assert_eq!(yard.detail(id).job.progress, half);
    let row = yard.finish(id, 1, failed("half way")).expect("it was running");
    assert_eq!(row.progress, half);
    let OpResult::Retried(RetryResult::Retried(Moved { job, from })) = yard.retry(id) else { panic!() };
    assert_eq!((job.progress, from), (Progress::NONE, JobState::Failed));
}

pub fn a_pending_job_can_be_cancelled(mut yard: TestYard) {
    let id = yard.add("demo");
    yard.now_ms = 60;
    let Moved { job, from } = cancelled(&mut yard, id);
    assert_eq!(from, JobState::Pending);
    assert_eq!((job.state, job.finished_at_ms), (JobState::Cancelled, Some(60)));
    assert!(yard.detail(id).attempts.is_empty());
    assert!(yard.claim("demo", 1).is_empty());
}

pub fn cancelling_a_running_job_ends_its_attempt(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.report(id, 1, 300);
    yard.now_ms = 60;
    let Moved { job, from } = cancelled(&mut yard, id);
    assert_eq!(from, JobState::Processing);
    assert_eq!((job.state, job.finished_at_ms), (JobState::Cancelled, Some(60)));
    let attempt = yard.detail(id).attempts.remove(0);
    assert_eq!((attempt.outcome, attempt.ended_at_ms), (Some(AttemptOutcome::Cancelled), Some(60)));
    assert!(yard.finish(id, 1, completed()).is_none(), "a late result does not overwrite it");
    assert_eq!(yard.state(id), JobState::Cancelled);
}

pub fn a_finished_job_cannot_be_cancelled(mut yard: TestYard) {
    for state in [JobState::Completed, JobState::Failed, JobState::Cancelled] {
        let id = yard.add_ended("demo", state);
        let before = yard.detail(id);
        assert_eq!(yard.cancel(id), OpResult::Cancelled(CancelResult::AlreadyFinished(state)));
        assert_eq!(yard.detail(id), before);
    }
}

pub fn only_failed_and_cancelled_jobs_can_be_retried(mut yard: TestYard) {
    let done = yard.add_ended("demo", JobState::Completed);
    let refused = |state| OpResult::Retried(RetryResult::WrongState(state));
    assert_eq!(yard.retry(done), refused(JobState::Completed));
    let running = yard.run("demo");
    assert_eq!(yard.retry(running), refused(JobState::Processing));
    let waiting = yard.add("demo");
    assert_eq!(yard.retry(waiting), refused(JobState::Pending));
    yard.cancel(waiting);
    for state in [JobState::Failed, JobState::Cancelled] {
        let id = yard.add_ended("demo", state);
        let OpResult::Retried(RetryResult::Retried(Moved { job, from })) = yard.retry(id) else { panic!() };
        assert_eq!((job.state, job.finished_at_ms, from), (JobState::Pending, None, state));
        assert_eq!(yard.claim("demo", 1)[0].job.attempt, 2);
    }
}

pub fn a_retried_job_keeps_its_attempts_and_its_error_until_it_is_claimed(mut yard: TestYard) {
    let error = "x".repeat(250);
    let id = yard.run("demo");
    yard.finish(id, 1, failed(&error));
    assert!(was_retried(&yard.retry(id)));
    let detail = yard.detail(id);
    assert_eq!(detail.error.as_ref(), Some(&error));
    assert_eq!(detail.job.error.as_ref().map(String::len), Some(200));
    let claimed = yard.claim("demo", 1).remove(0);
    assert_eq!(claimed.job.error, None);
    let detail = yard.detail(id);
    assert_eq!((detail.job.error, detail.error), (None, None));
    assert_eq!(detail.attempts[0].error.as_ref(), Some(&error));
    let running = Attempt {
        number: 2,
        started_at_ms: claimed.job.started_at_ms.unwrap(),
        ended_at_ms: None,
        outcome: None,
        error: None,
    };
    assert_eq!(detail.attempts[1..], [running]);
}

pub fn a_job_cancelled_while_it_waits_keeps_the_outcome_of_its_attempt(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.finish(id, 1, failed("broken"));
    assert!(was_retried(&yard.retry(id)));
    assert!(was_cancelled(&yard.cancel(id)));
    let cancelled = yard.detail(id);
    assert_eq!(cancelled.attempts.len(), 1);
    assert_eq!(cancelled.attempts[0].outcome, Some(AttemptOutcome::Failed));
    assert!(was_retried(&yard.retry(id)));
    assert_eq!(yard.detail(id).attempts, cancelled.attempts);
}

pub fn the_newest_hundred_attempts_are_kept(mut yard: TestYard) {
    let id = yard.run("demo");
    for attempt in 1..=104 {
        yard.finish(id, attempt, failed(&format!("failure {attempt}")));
        assert!(was_retried(&yard.retry(id)));
        yard.claim("demo", 1);
    }
    let attempts = yard.detail(id).attempts;
    assert_eq!(attempts.len(), 100);
    assert_eq!((attempts[0].number, attempts[99].number), (6, 105));
    assert_eq!(attempts[0].error.as_deref(), Some("failure 6"));
    yard.finish(id, 105, completed());
    assert_eq!(yard.detail(id).attempts.len(), 100);
}

pub fn what_names_no_job_is_not_found(mut yard: TestYard) {
    for id in [JobId(0), JobId(7), JobId(u64::MAX)] {
        assert_eq!(yard.cancel(id), OpResult::Cancelled(CancelResult::NotFound));
        assert_eq!(yard.retry(id), OpResult::Retried(RetryResult::NotFound));
        assert!(yard.finish(id, 1, completed()).is_none());
        assert!(!yard.report(id, 1, 100));
        assert_eq!(yard.reader.job(id).unwrap(), None);
        assert_eq!(yard.reader.artifact(id, "a.png").unwrap(), None);
    }
}

pub fn later_operations_see_what_earlier_ones_of_the_batch_did(mut yard: TestYard) {
    let id = JobId(1);
    let ops = [
        insert(vec![job("demo", "a")]),
        claim("demo", 1),
        WriteOp::Finish { id, attempt: 1, end: failed("once"), artifacts: Vec::new() },
        WriteOp::Retry { id },
        claim("demo", 1),
        WriteOp::Finish { id, attempt: 2, end: completed(), artifacts: Vec::new() },
        WriteOp::Cancel { id },
    ];
    let done = yard.try_apply(&ops).unwrap();
    assert_eq!(done.results[6], OpResult::Cancelled(CancelResult::AlreadyFinished(JobState::Completed)));
    let detail = yard.detail(id);
    assert_eq!((detail.job.state, detail.attempts.len()), (JobState::Completed, 2));
    assert_eq!(detail.error, None);
    yard.assert_counts_are_exact();
}
