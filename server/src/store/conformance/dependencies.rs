//! Jobs that come after others.

use taskyard_shared::job::{Dependency, DependencyState, JobId, JobState};
use taskyard_shared::new_job::{AddMode, OnConflict, OnFailure};

use super::TestYard;
use super::yard::{after, completed, failed, job, retry_at, unique};
use crate::store::ops::{
    AddTerms, AfterInsert, AttemptEnd, CancelResult, InsertError, InsertOutcome, InsertResult, JobInsert,
    OpResult,
};

const RULES: [OnFailure; 3] = [OnFailure::Stop, OnFailure::Continue, OnFailure::Cancel];

fn waits(yard: &TestYard, id: JobId) -> Vec<(u64, DependencyState)> {
    yard.detail(id).after.iter().map(|dependency| (dependency.job.0, dependency.state)).collect()
}

/// One job that comes after a running one for each rule.
fn one_for_each_rule(yard: &mut TestYard) -> (JobId, Vec<JobId>) {
    let first = yard.run("other");
    let jobs = RULES.map(|rule| after(&[first], rule)).to_vec();
    (first, yard.add_jobs(jobs))
}

pub fn a_job_waits_until_all_that_it_comes_after_have_completed(mut yard: TestYard) {
    let (a, b) = (yard.run("a"), yard.run("b"));
    let next = yard.add_job(after(&[a, b, a], OnFailure::Stop));
    assert_eq!(yard.state(next), JobState::Waiting);
    assert_eq!(yard.counts("demo").waiting, 1);
    assert!(yard.claim("demo", 1).is_empty());
    assert!(yard.finish_all(a, 1, completed(), vec![]).expect("it was running").resolves);
    assert!(yard.writer.load().unwrap().unresolved);
    assert_eq!(yard.state(next), JobState::Waiting, "it has not been told");
    assert_eq!(yard.resolve_all(), []);
    assert!(!yard.writer.load().unwrap().unresolved);
    assert_eq!(waits(&yard, next), [(1, DependencyState::Met), (2, DependencyState::Open)]);
    assert!(yard.finish_all(b, 1, completed(), vec![]).expect("it was running").resolves);
    assert_eq!(yard.resolve_all(), [(next, JobState::Pending)]);
    assert_eq!(yard.claim_ids("demo", 1), [next]);
    yard.assert_counts_are_exact();
}

pub fn the_end_of_a_job_that_nobody_waits_for_is_nobodys_business(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    for id in jobs {
        assert!(!yard.finish_all(id, 1, completed(), vec![]).is_some_and(|finished| finished.resolves));
        let OpResult::Cancelled(CancelResult::Cancelled { resolves, .. }) = yard.cancel(id) else { panic!() };
        assert!(!resolves);
    }
    let alone = yard.run("alone");
    assert!(!yard.finish_all(alone, 1, completed(), vec![]).expect("it was running").resolves);
    let snoozed = AttemptEnd::Snoozed { until_ms: 9_000, reason: String::new() };
    assert!(!yard.finish_all(first, 1, snoozed, vec![]).expect("it was running").resolves, "no end");
    assert!(!yard.writer.load().unwrap().unresolved);
}

pub fn a_job_may_come_after_one_that_has_ended_already(mut yard: TestYard) {
    let done = yard.add_ended("a", JobState::Completed);
    let broken = yard.add_ended("b", JobState::Failed);
    let gone = yard.add_ended("c", JobState::Cancelled);
    let insert = |on, rule| vec![after(&[on], rule), after(&[on], rule)];
    for (on, rule, becomes) in [
        (done, OnFailure::Stop, Some(JobState::Pending)),
        (broken, OnFailure::Stop, None),
        (broken, OnFailure::Continue, Some(JobState::Pending)),
        (gone, OnFailure::Cancel, Some(JobState::Cancelled)),
    ] {
        let result = yard.insert_all(insert(on, rule), AddTerms::default());
        let InsertResult::Done { outcomes, resolves: true, .. } = result else { panic!("{result:?}") };
        let InsertOutcome::Added(row) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!(row.state, JobState::Waiting);
        let moved = yard.resolve_all();
        assert_eq!(moved.first().copied(), becomes.map(|state| (row.id, state)));
        assert_eq!(moved.len(), if becomes.is_some() { 2 } else { 0 });
    }
    yard.assert_counts_are_exact();
}

pub fn a_chain_of_one_insert_runs_in_its_order(mut yard: TestYard) {
    let then = |place| JobInsert { after: vec![AfterInsert::Inserted(place)], ..job("demo", "link") };
    let ids = yard.add_jobs(vec![job("demo", "link"), then(0), then(1)]);
    assert_eq!(waits(&yard, ids[2]), [(ids[1].0, DependencyState::Open)]);
    for id in ids {
        assert_eq!(yard.claim_ids("demo", 9), [id]);
        yard.finish(id, 1, completed());
        yard.resolve_all();
    }
    yard.assert_counts_are_exact();
}

pub fn a_failure_blocks_lets_go_or_cancels_as_the_rule_says(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    assert!(yard.finish_all(first, 1, failed("no"), vec![]).expect("it was running").resolves);
    assert_eq!(yard.resolve_all(), [(jobs[1], JobState::Pending), (jobs[2], JobState::Cancelled)]);
    assert_eq!(waits(&yard, jobs[0]), [(first.0, DependencyState::Blocked)]);
    assert_eq!(waits(&yard, jobs[1]), [(first.0, DependencyState::Met)]);
    assert_eq!(yard.state(jobs[0]), JobState::Waiting);
    let cancelled = yard.detail(jobs[2]);
    assert_eq!(cancelled.error.as_deref(), Some("job 1, which it comes after, did not complete"));
    assert_eq!(cancelled.error, cancelled.job.error);
    assert!(cancelled.job.finished_at_ms.is_some());
    yard.assert_counts_are_exact();
}

pub fn a_cancelled_job_has_not_completed_either(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    let OpResult::Cancelled(CancelResult::Cancelled { resolves, .. }) = yard.cancel(first) else { panic!() };
    assert!(resolves);
    assert_eq!(yard.resolve_all(), [(jobs[1], JobState::Pending), (jobs[2], JobState::Cancelled)]);
}

pub fn a_job_that_is_tried_again_has_not_ended(mut yard: TestYard) {
    let (first, _) = one_for_each_rule(&mut yard);
    assert!(!yard.finish_all(first, 1, retry_at(5_000), vec![]).expect("it was running").resolves);
    assert_eq!(yard.resolve_all(), []);
}

pub fn blocked_jobs_go_on_when_the_other_completes_after_a_retry(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    for attempt in 1..3 {
        yard.finish(first, attempt, failed("no"));
        yard.resolve_all();
        assert_eq!(yard.state(jobs[0]), JobState::Waiting);
        yard.retry(first);
        assert_eq!(waits(&yard, jobs[0]), [(first.0, DependencyState::Blocked)]);
        yard.claim("other", 1);
    }
    assert!(yard.finish_all(first, 3, completed(), vec![]).expect("it was running").resolves);
    assert_eq!(yard.resolve_all(), [(jobs[0], JobState::Pending)]);
}

pub fn a_cancellation_goes_down_the_chain(mut yard: TestYard) {
    let first = yard.run("other");
    let second = yard.add_job(after(&[first], OnFailure::Cancel));
    let third = yard.add_job(after(&[second], OnFailure::Cancel));
    let last = yard.add_job(after(&[third], OnFailure::Continue));
    yard.finish(first, 1, failed("no"));
    let cancelled = JobState::Cancelled;
    assert_eq!(yard.resolve_all(), [(second, cancelled), (third, cancelled), (last, JobState::Pending)]);
    yard.assert_counts_are_exact();
}

pub fn a_deleted_job_cancels_those_that_wait_unless_they_go_on_regardless(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    let second = yard.run("another");
    let both = yard.add_job(after(&[first, second], OnFailure::Stop));
    yard.finish(first, 1, failed("no"));
    // Nobody has been told when it is deleted.
    yard.delete(first);
    let moved = yard.resolve_all();
    let cancelled = JobState::Cancelled;
    assert_eq!(
        moved,
        [(jobs[1], JobState::Pending), (jobs[2], cancelled), (jobs[0], cancelled), (both, cancelled)]
    );
    let error = yard.detail(jobs[0]).error;
    assert_eq!(error.as_deref(), Some("job 1, which it comes after, was deleted"));
    assert_eq!(yard.reader.job(first).unwrap(), None);
    yard.retry(jobs[0]);
    yard.retry(both);
    assert_eq!(yard.state(jobs[0]), JobState::Pending, "nothing is left to wait for");
    assert_eq!(yard.state(both), JobState::Waiting, "the other one is still at work");
    yard.assert_counts_are_exact();
}

pub fn a_job_that_completed_may_be_deleted_before_anybody_is_told(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    yard.finish(first, 1, completed());
    yard.clear(None, i64::MAX, 9);
    let pending = |id: &JobId| (*id, JobState::Pending);
    assert_eq!(yard.resolve_all(), jobs.iter().map(pending).collect::<Vec<_>>());
}

pub fn clearing_has_those_told_that_still_wait(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    yard.finish(first, 1, failed("no"));
    yard.resolve_all();
    let resolves = |result: OpResult| matches!(result, OpResult::Cleared { resolves: true, .. });
    assert!(resolves(yard.apply(super::yard::clear(None, i64::MAX, 9))));
    assert_eq!(yard.resolve_all(), [(jobs[0], JobState::Cancelled)]);
    assert!(!resolves(yard.apply(super::yard::clear(None, i64::MAX, 9))));
}

pub fn a_retried_job_waits_again_for_what_has_not_ended_well(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    yard.cancel(jobs[0]);
    yard.retry(jobs[0]);
    assert_eq!(yard.state(jobs[0]), JobState::Waiting);
    yard.finish(first, 1, failed("no"));
    yard.resolve_all();
    yard.retry(jobs[2]);
    assert_eq!(yard.state(jobs[2]), JobState::Waiting, "a person may want it after the other one's retry");
    yard.retry(first);
    yard.claim("other", 1);
    yard.finish(first, 2, completed());
    assert_eq!(yard.resolve_all(), [(jobs[0], JobState::Pending), (jobs[2], JobState::Pending)]);
    yard.assert_counts_are_exact();
}

pub fn a_cancelled_job_takes_note_of_ends_for_its_retry(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    yard.cancel(jobs[0]);
    assert!(yard.finish_all(first, 1, completed(), vec![]).expect("it was running").resolves);
    assert!(!yard.resolve_all().contains(&(jobs[0], JobState::Pending)));
    assert_eq!(waits(&yard, jobs[0]), [(first.0, DependencyState::Met)]);
    yard.retry(jobs[0]);
    assert_eq!(yard.state(jobs[0]), JobState::Pending);
}

pub fn jobs_are_told_a_few_at_a_time(mut yard: TestYard) {
    let first = yard.run("other");
    let jobs = yard.add_jobs(vec![after(&[first], OnFailure::Stop); 5]);
    yard.finish(first, 1, completed());
    let (moved, more) = yard.resolve(2);
    assert_eq!((moved, more), (vec![(jobs[0], JobState::Pending), (jobs[1], JobState::Pending)], true));
    assert!(yard.writer.load().unwrap().unresolved);
    assert_eq!(yard.resolve(2).0.len(), 2);
    assert_eq!(yard.resolve(2), (vec![(jobs[4], JobState::Pending)], false));
    let before = yard.writer.load().unwrap().commit;
    assert_eq!(yard.resolve(2), (vec![], false));
    assert_eq!(yard.writer.load().unwrap().commit, before);
    yard.assert_counts_are_exact();
}

pub fn a_job_with_a_run_time_is_scheduled_when_it_stops_waiting(mut yard: TestYard) {
    let first = yard.run("other");
    let at = |run_at_ms| JobInsert { run_at_ms: Some(run_at_ms), ..after(&[first], OnFailure::Stop) };
    let jobs = yard.add_jobs(vec![at(5_000), at(90_000)]);
    assert_eq!(yard.state(jobs[0]), JobState::Waiting);
    yard.now_ms = 6_000;
    assert_eq!(yard.promote(9).moved, []);
    yard.finish(first, 1, completed());
    assert_eq!(yard.resolve_all(), [(jobs[0], JobState::Pending), (jobs[1], JobState::Scheduled)]);
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(90_000));
}

pub fn a_claim_hands_out_results_where_the_arguments_take_them_up(mut yard: TestYard) {
    let done = yard.run("a");
    let silent = yard.run("b");
    let broken = yard.add_ended("c", JobState::Failed);
    yard.finish(done, 1, completed());
    yard.finish(silent, 1, AttemptEnd::Completed { result: serde_json::Value::Null, reused: None });
    let takes = JobInsert { takes_results: true, ..after(&[broken, silent, done], OnFailure::Continue) };
    let plain = JobInsert { takes_results: false, ..takes.clone() };
    yard.add_jobs(vec![takes, plain]);
    yard.resolve_all();
    let claimed = yard.claim("demo", 2);
    let results =
        vec![(done, Some(r#"{"rows":3}"#.to_owned())), (silent, Some("null".to_owned())), (broken, None)];
    assert_eq!(claimed[0].results, results);
    assert_eq!(claimed[1].results, []);
    assert_eq!(yard.writer.load().unwrap().processing[0].results, results);
    yard.delete(done);
    assert_eq!(yard.writer.load().unwrap().processing[0].results[0], (done, None));
}

pub fn what_comes_after_nothing_is_refused(mut yard: TestYard) {
    let then = |place| JobInsert { after: vec![AfterInsert::Inserted(place)], ..job("demo", "then") };
    let missing = || JobInsert { number: 9, ..after(&[JobId(77)], OnFailure::Stop) };
    let jobs = || vec![job("demo", "a"), missing(), then(1), then(0)];
    let refused = [
        InsertOutcome::Refused(InsertError::NoSuchDependency(JobId(77))),
        InsertOutcome::Refused(InsertError::DependencyRefused(9)),
    ];
    let outcomes = yard.insert(jobs(), AddTerms::default());
    assert_eq!(outcomes[1..3], refused);
    assert_eq!((&outcomes[0], &outcomes[3]), (&InsertOutcome::NotAdded, &InsertOutcome::NotAdded));
    let outcomes = yard.insert(jobs(), AddTerms { mode: AddMode::Each, ..AddTerms::default() });
    assert_eq!(outcomes[1..3], refused);
    assert_eq!(waits(&yard, JobId(2)), [(1, DependencyState::Open)]);
    yard.assert_counts_are_exact();
}

pub fn a_job_may_come_after_one_that_had_its_key_already(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let then = JobInsert { after: vec![AfterInsert::Inserted(0)], ..job("demo", "then") };
    let outcomes = yard.insert(vec![unique("k", OnConflict::Existing), then], AddTerms::default());
    let InsertOutcome::Added(row) = &outcomes[1] else { panic!("{outcomes:?}") };
    assert_eq!(waits(&yard, row.id), [(first.0, DependencyState::Open)]);
}

pub fn a_replaced_job_waits_for_what_it_waited_for(mut yard: TestYard) {
    let first = yard.run("other");
    let waiting = JobInsert { after: vec![AfterInsert::Stored(first)], ..unique("k", OnConflict::Reject) };
    let id = yard.add_job(waiting);
    let by = JobInsert { run_at_ms: Some(9_000), ..unique("k", OnConflict::Replace) };
    let outcomes = yard.insert(vec![by], AddTerms::default());
    let InsertOutcome::Replaced(moved) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!((moved.from, moved.job.state), (JobState::Waiting, JobState::Waiting));
    yard.finish(first, 1, completed());
    assert_eq!(yard.resolve_all(), [(id, JobState::Scheduled)]);
}

pub fn a_job_shows_what_it_comes_after_and_what_comes_after_it(mut yard: TestYard) {
    let (a, b) = (yard.run("a"), yard.run("b"));
    let next = yard.add_jobs(vec![after(&[b, a], OnFailure::Stop), after(&[a], OnFailure::Cancel)]);
    let shown = |job, state| Dependency { job, state };
    let (open, blocked, met) = (DependencyState::Open, DependencyState::Blocked, DependencyState::Met);
    assert_eq!(yard.detail(a).before, [shown(next[0], open), shown(next[1], open)]);
    assert_eq!(yard.detail(b).before, [shown(next[0], open)]);
    yard.finish(b, 1, completed());
    yard.finish(a, 1, failed("no"));
    yard.resolve_all();
    assert_eq!(yard.detail(next[0]).after, [shown(a, blocked), shown(b, met)]);
    assert_eq!(yard.detail(a).before, [shown(next[0], blocked), shown(next[1], blocked)]);
    yard.delete(next[1]);
    assert_eq!(yard.detail(a).before, [shown(next[0], blocked)]);
}

pub fn only_the_first_hundred_that_come_after_a_job_are_shown(mut yard: TestYard) {
    let first = yard.run("other");
    let jobs = yard.add_jobs(vec![after(&[first], OnFailure::Stop); 103]);
    let shown: Vec<_> = yard.detail(first).before.iter().map(|dependency| dependency.job).collect();
    assert_eq!(shown, jobs[..100]);
}

pub fn a_job_lost_for_good_has_those_told_that_wait(mut yard: TestYard) {
    let (first, jobs) = one_for_each_rule(&mut yard);
    yard.writer.recover_lost(1, 5_000).unwrap();
    assert_eq!(yard.state(first), JobState::Failed);
    assert!(yard.writer.load().unwrap().unresolved);
    assert_eq!(yard.resolve_all(), [(jobs[1], JobState::Pending), (jobs[2], JobState::Cancelled)]);
}

pub fn an_expired_job_has_those_told_that_wait(mut yard: TestYard) {
    let mut soon = job("other", "soon");
    soon.options.expires_at_ms = Some(2_000);
    let first = yard.add_job(soon);
    let next = yard.add_job(after(&[first], OnFailure::Continue));
    yard.now_ms = 3_000;
    assert!(yard.claim_all("other", 1).resolves);
    assert_eq!(yard.resolve_all(), [(next, JobState::Pending)]);
}
