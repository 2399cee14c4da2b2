//! Jobs that are not to start yet, or not any more.

use taskyard_shared::job::{AttemptOutcome, JobId, JobOptions, JobState};

use super::TestYard;
use super::yard::{completed, failed, job, retry_at, snoozed};
use crate::store::ops::{AfterFailure, AttemptEnd, JobInsert, Moved, OpResult, RetryResult};

fn at(run_at_ms: i64) -> JobInsert {
    JobInsert { run_at_ms: Some(run_at_ms), ..job("demo", "later") }
}

fn expiring(expires_at_ms: i64) -> JobInsert {
    let options = JobOptions { expires_at_ms: Some(expires_at_ms), ..JobOptions::default() };
    JobInsert { options, ..job("demo", "soon or never") }
}

fn ids(moved: &[Moved]) -> Vec<JobId> {
    moved.iter().map(|moved| moved.job.id).collect()
}

pub fn a_job_with_a_run_time_to_come_is_scheduled_until_then(mut yard: TestYard) {
    let id = yard.add_job(at(5_000));
    assert_eq!((yard.state(id), yard.detail(id).job.run_at_ms), (JobState::Scheduled, Some(5_000)));
    assert!(yard.claim("demo", 1).is_empty());
    yard.now_ms = 4_999;
    let early = yard.promote(10);
    assert_eq!((early.moved.len(), early.next_at_ms, early.more), (0, Some(5_000), false));
    let due = yard.promote(10);
    assert_eq!((due.moved[0].from, due.next_at_ms), (JobState::Scheduled, None));
    assert_eq!((due.moved[0].job.state, due.moved[0].job.run_at_ms), (JobState::Pending, None));
    assert_eq!(yard.claim_ids("demo", 1), [id]);
    yard.assert_counts_are_exact();
}

pub fn a_run_time_that_has_passed_holds_nothing_up(mut yard: TestYard) {
    let (past, now) = (yard.add_job(at(-1)), yard.now_ms);
    let just_now = yard.add_job(at(now));
    assert_eq!((yard.state(past), yard.state(just_now)), (JobState::Pending, JobState::Pending));
    assert_eq!(yard.claim_ids("demo", 2), [past, just_now]);
}

pub fn promotion_takes_the_earliest_first_up_to_its_limit(mut yard: TestYard) {
    let jobs = yard.add_jobs(vec![at(4_000), at(3_000), at(3_000), at(9_000)]);
    yard.now_ms = 4_500;
    let first = yard.promote(2);
    assert_eq!((ids(&first.moved), first.more), (vec![jobs[1], jobs[2]], true));
    assert_eq!(first.next_at_ms, Some(4_000));
    let second = yard.promote(2);
    assert_eq!((ids(&second.moved), second.more), (vec![jobs[0]], false));
    assert_eq!(second.next_at_ms, Some(9_000));
}

pub fn what_is_due_next_is_loaded(mut yard: TestYard) {
    assert_eq!(yard.writer.load().unwrap().due_at_ms, None);
    yard.add_jobs(vec![at(7_000), at(6_000)]);
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(6_000));
}

pub fn a_failed_job_that_is_tried_again_is_scheduled_for_then(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.report(id, 1, 500);
    let row = yard.finish(id, 1, retry_at(5_000)).expect("it was running");
    assert_eq!((row.state, row.run_at_ms, row.finished_at_ms), (JobState::Scheduled, Some(5_000), None));
    assert_eq!((row.failures, row.attempt, row.progress.thousandths()), (1, 1, 0));
    assert_eq!(row.error.as_deref(), Some("try again"));
    let attempt = yard.detail(id).attempts.remove(0);
    assert_eq!(attempt.outcome, Some(AttemptOutcome::Failed));
    assert_eq!(attempt.error.as_deref(), Some("try again"));
    yard.now_ms = 5_000;
    assert_eq!(yard.promote(1).moved[0].job.error.as_deref(), Some("try again"));
    let claimed = yard.claim("demo", 1).remove(0);
    assert_eq!((claimed.job.attempt, claimed.job.failures, &claimed.job.error), (2, 1, &None));
    assert_eq!(yard.finish(id, 2, failed("again")).expect("it was running").failures, 2);
    assert_eq!(yard.detail(id).attempts.len(), 2);
    yard.assert_counts_are_exact();
}

pub fn a_long_error_is_kept_whole_while_the_job_is_to_be_tried_again(mut yard: TestYard) {
    let id = yard.run("demo");
    let error = "x".repeat(300);
    let then = AfterFailure::Retry { at_ms: 5_000 };
    yard.finish(id, 1, AttemptEnd::Failed { error: error.clone(), then });
    let detail = yard.detail(id);
    assert_eq!(detail.job.error.as_ref().map(String::len), Some(200));
    assert_eq!((detail.error.as_ref(), detail.attempts[0].error.as_ref()), (Some(&error), Some(&error)));
}

pub fn a_job_that_puts_itself_off_has_not_failed(mut yard: TestYard) {
    let id = yard.run("demo");
    let row = yard.finish(id, 1, snoozed(5_000)).expect("it was running");
    assert_eq!((row.state, row.run_at_ms, row.failures), (JobState::Scheduled, Some(5_000), 0));
    assert_eq!(row.error, None);
    let detail = yard.detail(id);
    assert_eq!((detail.error, detail.attempts[0].outcome), (None, Some(AttemptOutcome::Snoozed)));
    assert_eq!(detail.attempts[0].error.as_deref(), Some("not ready"), "it says why");
    yard.now_ms = 5_000;
    yard.promote(1);
    yard.claim("demo", 1);
    assert_eq!(yard.finish(id, 2, completed()).expect("it was running").attempt, 2);
}

pub fn a_scheduled_job_can_be_had_now(mut yard: TestYard) {
    let id = yard.add_job(at(5_000));
    let OpResult::Retried(RetryResult::Retried(moved)) = yard.retry(id) else { panic!() };
    assert_eq!(
        (moved.from, moved.job.state, moved.job.run_at_ms),
        (JobState::Scheduled, JobState::Pending, None)
    );
    assert_eq!(yard.promote(1).next_at_ms, None);
    let failing = yard.run("other");
    yard.finish(failing, 1, retry_at(5_000));
    yard.retry(failing);
    assert_eq!(yard.detail(failing).job.failures, 1, "nobody forgave it");
    assert_eq!(yard.claim_ids("other", 1), [failing]);
}

pub fn a_scheduled_job_can_be_cancelled(mut yard: TestYard) {
    let id = yard.add_job(at(5_000));
    yard.cancel(id);
    assert_eq!(yard.state(id), JobState::Cancelled);
    yard.now_ms = 6_000;
    let promoted = yard.promote(1);
    assert_eq!((promoted.moved.len(), promoted.next_at_ms), (0, None));
    yard.retry(id);
    assert_eq!(yard.claim_ids("demo", 1), [id], "a person wants it now");
    yard.assert_counts_are_exact();
}

pub fn a_retry_by_a_person_forgives_failures(mut yard: TestYard) {
    let id = yard.run("demo");
    yard.finish(id, 1, failed("no"));
    assert_eq!(yard.detail(id).job.failures, 1);
    yard.retry(id);
    assert_eq!((yard.detail(id).job.failures, yard.detail(id).job.attempt), (0, 1));
}

pub fn a_job_that_was_not_started_in_time_is_cancelled_by_the_claim(mut yard: TestYard) {
    let jobs = yard.add_jobs(vec![expiring(2_000), expiring(2_001), job("demo", "patient")]);
    yard.now_ms = 2_001;
    let claim = yard.claim_all("demo", 1);
    let [expired] = &claim.expired[..] else { panic!("{claim:?}") };
    assert_eq!((expired.job.id, expired.from), (jobs[0], JobState::Pending));
    assert_eq!((expired.job.state, expired.job.finished_at_ms), (JobState::Cancelled, Some(2_001)));
    assert_eq!(claim.jobs[0].job.id, jobs[1], "at that time it may still start");
    assert_eq!(claim.jobs[0].options.expires_at_ms, Some(2_001));
    assert!(!claim.more && !claim.resolves);
    let detail = yard.detail(jobs[0]);
    assert!(detail.error.as_ref().is_some_and(|error| error.contains("not started before")));
    assert_eq!(detail.error, detail.job.error);
    assert_eq!(yard.state(jobs[2]), JobState::Pending);
    yard.assert_counts_are_exact();
}

pub fn expiry_replaces_the_error_of_an_attempt_before(mut yard: TestYard) {
    let id = yard.add_job(expiring(9_000));
    yard.claim("demo", 1);
    let then = AfterFailure::Retry { at_ms: 5_000 };
    yard.finish(id, 1, AttemptEnd::Failed { error: "x".repeat(300), then });
    yard.now_ms = 9_001;
    yard.promote(1);
    assert_eq!(yard.claim_all("demo", 1).expired.len(), 1);
    let detail = yard.detail(id);
    assert_eq!(detail.error, detail.job.error);
    assert_eq!(detail.attempts[0].error, Some("x".repeat(300)));
    assert_eq!(detail.attempts.len(), 1);
}
