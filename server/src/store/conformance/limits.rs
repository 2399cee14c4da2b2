//! Limits: whom they hold back, and when they let go.

use std::sync::Arc;

use serde_json::json;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limit::{Limit, LimitStatus};

use super::TestYard;
use super::yard::{
    claim, completed, failed, in_queue, job, limit, per_customer, retry_at, snoozed, with_args,
};
use crate::limits::Admission;
use crate::store::ops::{AttemptEnd, JobInsert, OpResult, Released, WriteOp};

fn of_customer(customer: &str) -> JobInsert {
    with_args(&json!({ "customer": customer }))
}

/// Three jobs of a customer who may have one at a time; the first of them runs.
fn one_of_three(yard: &mut TestYard) -> Vec<JobId> {
    yard.set_limit(per_customer(1));
    let ids = yard.add_jobs(vec![of_customer("a"), of_customer("a"), of_customer("a")]);
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    ids
}

pub fn a_limit_of_a_whole_queue_ends_the_claim(mut yard: TestYard) {
    yard.set_limit(Limit { queue: Some("demo".to_owned()), concurrency: Some(2), ..limit("all") });
    let ids: Vec<_> = (0..4).map(|_| yard.add("demo")).collect();
    let other = yard.add("other");
    let claimed = yard.claim_all("demo", 9);
    assert_eq!(claimed.jobs.len(), 2);
    assert_eq!((claimed.blocked, claimed.more, claimed.due_at_ms), (Some(Admission::Full), false, None));
    assert!(claimed.jobs[0].is_limited);
    assert_eq!(yard.limit_counts(), (1, 2, 0), "it holds nothing back");
    assert_eq!(yard.claim_ids("other", 9), [other]);
    let finished = yard.finish_all(ids[0], 1, completed(), vec![]).expect("it was running");
    assert_eq!(finished.released, Released::new());
    assert_eq!(yard.claim_ids("demo", 9), [ids[2]]);
}

pub fn a_limit_holds_back_what_it_does_not_admit_and_lets_others_pass(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    let jobs = ["a", "a", "b", "a", "b"].map(of_customer);
    let ids = yard.add_jobs(jobs.to_vec());
    let claimed = yard.claim_all("demo", 9);
    let claimed_ids: Vec<_> = claimed.jobs.iter().map(|claimed| claimed.job.id).collect();
    assert_eq!(claimed_ids, [ids[0], ids[2]]);
    assert_eq!((claimed.blocked, claimed.more, claimed.due_at_ms), (None, false, None));
    assert_eq!(yard.limit_counts(), (2, 2, 3));
    assert_eq!(yard.state(ids[1]), JobState::Pending);
    assert_eq!(yard.counts("demo").pending, 3);
    assert!(yard.claim("demo", 9).is_empty(), "no claim looks at them again");
}

pub fn jobs_without_the_argument_of_a_limit_share_one_key(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    let jobs = [json!({}), json!({"customer": null}), json!({"customer": ""}), json!({"customer": 7})];
    let ids = yard.add_jobs(jobs.iter().map(with_args).collect());
    assert_eq!(yard.claim_ids("demo", 9), [ids[0], ids[3]]);
}

pub fn a_limit_applies_to_its_queue_and_kind_alone(mut yard: TestYard) {
    let of_kind = |kind: &str, queue| JobInsert { kind: kind.into(), ..job(queue, "a job") };
    let image = Limit { kind: Some("image".to_owned()), concurrency: Some(1), ..limit("image") };
    yard.set_limit(Limit { queue: Some("photos".to_owned()), ..image });
    for queue in ["photos", "other"] {
        yard.add_jobs(vec![of_kind("image", queue), of_kind("image", queue), of_kind("demo", queue)]);
    }
    assert_eq!(yard.claim("other", 9).len(), 3);
    let claimed = yard.claim("photos", 9);
    let limited: Vec<_> = claimed.iter().map(|claimed| (claimed.job.id.0, claimed.is_limited)).collect();
    assert_eq!(limited, [(1, true), (3, false)]);
}

pub fn every_limit_must_admit_a_job_and_the_first_that_does_not_holds_it(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    yard.set_limit(Limit { kind: Some("demo".to_owned()), concurrency: Some(2), ..limit("all") });
    let ids = yard.add_jobs(["a", "a", "b", "c", "a"].map(of_customer).to_vec());
    assert_eq!(yard.claim_ids("demo", 9), [ids[0], ids[2]]);
    let held = |limits: Vec<LimitStatus>| limits.iter().map(|status| status.held_back).collect::<Vec<_>>();
    assert_eq!(
        held(yard.limits()),
        [2, 1],
        "the second job was held by its customer: there was room for it then"
    );
    yard.finish(ids[2], 1, completed());
    assert_eq!(held(yard.limits()), [1, 1]);
    assert_eq!(yard.claim_ids("demo", 9), [ids[3]]);
    yard.finish(ids[0], 1, completed());
    assert_eq!(held(yard.limits()), [0, 0], "each of its limits had a job to release");
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
    assert_eq!(held(yard.limits()), [1, 0]);
}

pub fn every_end_of_an_attempt_releases_one_job_that_was_held_back(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    yard.add_jobs(vec![of_customer("a"); 6]);
    let mut running = yard.claim("demo", 9).remove(0).job;
    for end in [completed(), failed("no"), snoozed(90_000), retry_at(90_000), AttemptEnd::Released] {
        let finished = yard.finish_all(running.id, running.attempt, end, vec![]).expect("it was running");
        assert_eq!(finished.released, in_queue("demo"));
        let claimed = yard.claim("demo", 9);
        running = Arc::clone(&claimed[0].job);
        assert_eq!((claimed.len(), yard.limit_counts().1), (1, 1));
    }
    yard.assert_counts_are_exact();
}

pub fn the_highest_priority_is_released_first(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    let with = |priority| JobInsert { priority, ..of_customer("a") };
    let ids = yard.add_jobs([9, 1, 0, 5, 5].map(with).to_vec());
    for id in [ids[0], ids[3], ids[4], ids[1], ids[2]] {
        assert_eq!(yard.claim_ids("demo", 9), [id]);
        yard.finish(id, 1, completed());
    }
}

pub fn ends_of_one_commit_release_one_job_each(mut yard: TestYard) {
    yard.set_limit(per_customer(3));
    let ids = yard.add_jobs(vec![of_customer("a"); 20]);
    yard.claim("demo", 9);
    let end = |id: &JobId| WriteOp::Finish { id: *id, attempt: 1, end: completed(), artifacts: vec![] };
    yard.try_apply(&ids[..3].iter().map(end).collect::<Vec<_>>()).expect("they are accepted");
    assert_eq!(yard.limit_counts(), (1, 0, 14));
    assert_eq!(yard.claim_ids("demo", 9), ids[3..6]);
}

pub fn a_cancelled_job_keeps_its_place_until_its_work_has_ended(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.cancel(ids[0]);
    assert_eq!(yard.limit_counts(), (1, 1, 2));
    assert!(yard.claim("demo", 9).is_empty());
    assert_eq!(yard.work_ended(ids[0]), in_queue("demo"));
    assert_eq!(yard.limit_counts(), (1, 0, 1));
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
    assert_eq!(yard.work_ended(ids[0]), Released::new(), "once is enough");
    assert_eq!(yard.work_ended(JobId(99)), Released::new());
    assert_eq!(yard.limit_counts(), (1, 1, 1));
}

pub fn whose_work_still_counts_is_loaded(mut yard: TestYard) {
    yard.set_limit(per_customer(9));
    let ids = yard.add_jobs(vec![of_customer("a"); 4]);
    yard.claim("demo", 9);
    let still_counted = |yard: &mut TestYard| yard.writer.load().unwrap().still_counted;
    assert_eq!(still_counted(&mut yard), [], "all of them are at work");
    for id in &ids[1..] {
        yard.cancel(*id);
    }
    yard.retry(ids[2]);
    yard.claim("demo", 9);
    yard.delete(ids[3]);
    assert_eq!(still_counted(&mut yard), ids[1..]);
    yard.work_ended(ids[2]);
    assert_eq!(still_counted(&mut yard), [ids[1], ids[3]]);
    yard.recover();
    assert_eq!(still_counted(&mut yard), []);
}

pub fn a_deleted_job_keeps_its_place_until_its_work_has_ended(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.cancel(ids[0]);
    yard.delete(ids[0]);
    assert_eq!(yard.limit_counts(), (1, 1, 2));
    assert_eq!(yard.work_ended(ids[0]), in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
}

pub fn work_that_has_ended_late_leaves_the_attempt_that_runs_now(mut yard: TestYard) {
    yard.set_limit(per_customer(2));
    let id = yard.add_job(of_customer("a"));
    yard.claim("demo", 1);
    yard.cancel(id);
    yard.retry(id);
    assert_eq!(yard.claim("demo", 1)[0].job.attempt, 2);
    assert_eq!(yard.limit_counts().1, 2, "the work of both goes on");
    yard.work_ended(id);
    assert_eq!(yard.limit_counts().1, 1);
    yard.work_ended(id);
    assert_eq!(yard.limit_counts().1, 1);
    yard.finish(id, 2, completed());
    assert_eq!(yard.limit_counts(), (0, 0, 0));
}

pub fn cancelling_what_is_held_back_takes_it_off_the_meter(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.cancel(ids[1]);
    assert_eq!(yard.limit_counts(), (1, 1, 1));
    yard.retry(ids[1]);
    assert_eq!(yard.limit_counts(), (1, 1, 1), "the next claim looks at it anew");
    assert!(yard.claim("demo", 9).is_empty());
    assert_eq!(yard.limit_counts(), (1, 1, 2));
    yard.assert_counts_are_exact();
}

pub fn another_priority_changes_the_order_of_release(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.set_priority(ids[2], 1);
    assert_eq!(yard.limit_counts(), (1, 1, 2));
    assert!(yard.claim("demo", 9).is_empty());
    yard.finish(ids[0], 1, completed());
    assert_eq!(yard.claim_ids("demo", 9), [ids[2]]);
}

pub fn a_changed_limit_is_looked_at_anew_by_the_next_promotion(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.set_limit(per_customer(5));
    assert!(yard.claim("demo", 9).is_empty(), "not before");
    assert!(yard.writer.load().unwrap().due_at_ms.is_some());
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), ids[1..]);
    assert_eq!(yard.limit_counts(), (1, 3, 0));
}

pub fn a_changed_limit_is_looked_at_anew_a_few_keys_at_a_time(mut yard: TestYard) {
    let customers: Vec<String> = (0..5).map(|customer| customer.to_string()).collect();
    let one_each = || customers.iter().map(|customer| of_customer(customer)).collect::<Vec<_>>();
    yard.set_limit(per_customer(1));
    let running = yard.add_jobs(one_each());
    yard.add_jobs(one_each());
    yard.add_jobs(one_each());
    assert_eq!(yard.claim_ids("demo", 99), running);
    // Raised: one more of each; then removed: the rest.
    yard.set_limit(per_customer(2));
    for (expected, more) in [(2, true), (4, true), (5, false)] {
        assert_eq!(yard.promote(2).more, more);
        assert_eq!(yard.limit_counts().2, 10 - expected);
    }
    yard.set_limit(per_customer(2));
    assert_eq!(yard.promote(2).released, Released::new(), "nothing has changed");
    let second = yard.claim("demo", 99).len();
    assert_eq!(second, 5);
    yard.remove_limit("customer");
    let mut claimed = 0;
    for _ in 0..4 {
        yard.promote(2);
        claimed += yard.claim("demo", 99).len();
    }
    assert_eq!(claimed, 5);
    assert!(!yard.promote(2).more);
    yard.assert_counts_are_exact();
}

pub fn a_promotion_releases_no_more_than_its_limit(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.set_limit(per_customer(5));
    let first = yard.promote(1);
    assert_eq!((first.released, first.more), (in_queue("demo"), true));
    assert!(first.next_at_ms.is_some_and(|at_ms| at_ms <= yard.now_ms));
    assert_eq!(yard.claim_ids("demo", 9), ids[1..2]);
    yard.promote(9);
    assert_eq!(yard.claim_ids("demo", 9), ids[2..]);
}

pub fn a_removed_limit_lets_go_of_all(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    assert!(yard.remove_limit("customer"));
    assert!(!yard.remove_limit("customer"));
    assert!(yard.limits().is_empty());
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), ids[1..]);
    assert_eq!(yard.promote(9).next_at_ms, None);
    yard.finish(ids[0], 1, completed());
    assert_eq!(yard.writer.load().unwrap().due_at_ms, None);
}

pub fn a_released_job_that_does_not_start_makes_room_a_second_later(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    let ended_at_ms = yard.now_ms;
    yard.finish(ids[0], 1, completed());
    yard.cancel(ids[1]);
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(ended_at_ms + 1_000));
    yard.now_ms = ended_at_ms + 1_000;
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), [ids[2]]);
    assert_eq!(yard.writer.load().unwrap().due_at_ms, None);
}

pub fn a_job_of_an_unknown_kind_waits_for_a_server_that_knows_it(mut yard: TestYard) {
    let id = yard.add_job(JobInsert { kind: "new".into(), ..job("demo", "a job") });
    let known = yard.add("demo");
    let kinds = |names: &[&str]| Some(Arc::new(names.iter().map(|name| (*name).to_owned()).collect()));
    let claim = |kinds| WriteOp::Claim { queue: "demo".into(), limit: 9, oldest: 0, kinds };
    let OpResult::Claimed(claimed) = yard.apply(claim(kinds(&["demo"]))) else { panic!() };
    assert_eq!(claimed.jobs.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [known]);
    assert_eq!((claimed.more, claimed.due_at_ms), (false, None));
    assert!(!claimed.jobs[0].is_limited);
    yard.now_ms = 90_000_000;
    assert_eq!(yard.promote(9).released, Released::new(), "time brings no worker");
    let OpResult::Claimed(claimed) = yard.apply(claim(kinds(&["demo", "new"]))) else { panic!() };
    assert!(claimed.jobs.is_empty());
    assert!(yard.limits().is_empty());
    yard.recover();
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    let OpResult::Claimed(claimed) = yard.apply(claim(kinds(&["demo", "new"]))) else { panic!() };
    assert!(claimed.jobs.iter().any(|claimed| claimed.job.id == id));
}

pub fn after_a_restart_nothing_counts_as_running(mut yard: TestYard) {
    let ids = one_of_three(&mut yard);
    yard.cancel(ids[0]);
    assert_eq!(yard.recover(), 0);
    assert_eq!(yard.limit_counts(), (1, 0, 2));
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]]);
    assert_eq!(yard.recover(), 1);
    assert_eq!(yard.work_ended(ids[1]), Released::new());
    assert_eq!(yard.limit_counts(), (1, 0, 1));
    yard.assert_counts_are_exact();
}

pub fn what_runs_is_loaded_with_whether_it_is_limited(mut yard: TestYard) {
    one_of_three(&mut yard);
    yard.run("other");
    yard.remove_limit("customer");
    yard.run("third");
    let limited = |yard: &mut TestYard| {
        yard.writer.load().unwrap().processing.iter().map(|claimed| claimed.is_limited).collect::<Vec<_>>()
    };
    assert_eq!(limited(&mut yard), [true, true, false]);
}

pub fn a_claim_ends_after_so_many_looks_in_vain(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    yard.add_jobs(vec![of_customer("a"); crate::store::CLAIM_LOOKS + 2]);
    let last = yard.add_job(of_customer("b"));
    let first = yard.claim_all("demo", 9);
    assert_eq!((first.jobs.len(), first.more), (1, true));
    assert_eq!(yard.limit_counts().2, crate::store::CLAIM_LOOKS as u64);
    let second = yard.claim_all("demo", 9);
    assert_eq!((second.jobs[0].job.id, second.more), (last, false));
}

pub fn limits_are_told_when_they_change(mut yard: TestYard) {
    let told = |yard: &mut TestYard, op| yard.try_apply(&[op]).unwrap().limits;
    assert_eq!(told(&mut yard, claim("demo", 1)), None);
    let set = told(&mut yard, WriteOp::SetLimit { limit: per_customer(1) });
    let status = LimitStatus { limit: per_customer(1), keys: 0, running: 0, held_back: 0 };
    assert_eq!(set, Some(vec![status.clone()]));
    assert_eq!(told(&mut yard, WriteOp::SetLimit { limit: per_customer(1) }), None, "nothing new");
    yard.set_limit(limit("another"));
    let id = yard.add_job(of_customer("a"));
    let started = told(&mut yard, claim("demo", 1)).expect("they changed");
    assert_eq!(started.iter().map(|status| status.running).collect::<Vec<_>>(), [1, 1]);
    let end = WriteOp::Finish { id, attempt: 1, end: completed(), artifacts: vec![] };
    yard.remove_limit("another");
    assert_eq!(told(&mut yard, end), Some(vec![status]));
    let removed = told(&mut yard, WriteOp::RemoveLimit { name: "customer".to_owned() });
    assert_eq!(removed, Some(vec![]));
}
