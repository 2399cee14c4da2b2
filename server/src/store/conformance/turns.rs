//! Whose turn it is among the jobs that a limit holds back.

use serde_json::json;
use taskyard_shared::job::JobId;
use taskyard_shared::limit::{Limit, Rate};

use super::TestYard;
use super::yard::{completed, in_queue, limit, per_customer, per_second, with_args};
use crate::store::ops::JobInsert;

fn of_customer(customer: &str) -> JobInsert {
    with_args(&json!({ "customer": customer }))
}

fn with_priority(priority: i16) -> JobInsert {
    JobInsert { priority, ..of_customer("a") }
}

fn of_queue(queue: &str) -> JobInsert {
    JobInsert { queue: queue.into(), ..of_customer("a") }
}

/// Queues with room for many, of which the jobs of one customer run one at a time.
fn roomy_queues(yard: &mut TestYard, names: &[&str]) {
    for name in names {
        yard.configure(name, 9, false);
    }
    yard.set_limit(per_customer(1));
}

pub fn a_newcomer_does_not_pass_what_a_rate_holds_back(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    let ids = yard.add_jobs(vec![of_customer("a"); 3]);
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    for held in &ids[1..] {
        yard.now_ms += 1_000;
        let newcomer = yard.add_job(of_customer("a"));
        assert_eq!(yard.claim_ids("demo", 9), [*held], "before anything is promoted");
        assert!(newcomer > *held);
    }
    assert_eq!(yard.limit_counts().2, 2, "the newcomers are held back");
    yard.assert_counts_are_exact();
}

pub fn a_newcomer_of_a_higher_priority_may_pass(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    let ids = yard.add_jobs(vec![of_customer("a"); 2]);
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    yard.now_ms += 1_000;
    let urgent = yard.add_job(with_priority(5));
    assert_eq!(yard.claim_ids("demo", 9), [urgent]);
}

pub fn one_of_eight_starts_of_a_key_goes_by_age(mut yard: TestYard) {
    roomy_queues(&mut yard, &["demo"]);
    yard.add_job(with_priority(50));
    let low = yard.add_job(with_priority(-20));
    let mut running = yard.claim_ids("demo", 9);
    let mut started = 1;
    while running != [low] {
        // There is always one that is more urgent, held back or new.
        yard.add_jobs(vec![with_priority(50); 2]);
        assert!(yard.claim("demo", 9).is_empty());
        yard.add_job(with_priority(50));
        yard.finish(running[0], 1, completed());
        running = yard.claim_ids("demo", 9);
        assert_eq!(running.len(), 1);
        started += 1;
        assert!(started <= 8, "it starves");
    }
    assert_eq!(started, 8);
    yard.assert_counts_are_exact();
}

pub fn a_newcomer_waits_while_it_is_the_turn_of_the_oldest(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    let low = {
        yard.add_job(with_priority(5));
        let low = yard.add_job(with_priority(0));
        assert_eq!(yard.claim("demo", 9).len(), 1);
        low
    };
    for _ in 0..6 {
        yard.now_ms += 1_000;
        let urgent = yard.add_job(with_priority(5));
        assert_eq!(yard.claim_ids("demo", 9), [urgent]);
    }
    yard.now_ms += 1_000;
    let urgent = yard.add_job(with_priority(5));
    assert_eq!(yard.claim_ids("demo", 9), [low]);
    yard.now_ms += 1_000;
    yard.promote(9);
    assert_eq!(yard.claim_ids("demo", 9), [urgent]);
}

pub fn a_paused_queue_lets_another_one_have_the_place(mut yard: TestYard) {
    roomy_queues(&mut yard, &["demo", "other"]);
    let ids = yard.add_jobs(vec![of_customer("a"); 3]);
    let other = yard.add_job(of_queue("other"));
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    assert!(yard.claim("other", 9).is_empty());
    yard.configure("demo", 9, true);
    let finished = yard.finish_all(ids[0], 1, completed(), vec![]).expect("it was running");
    assert_eq!(finished.released, in_queue("other"));
    assert_eq!(yard.claim_ids("other", 9), [other]);
    yard.finish(other, 1, completed());
    yard.configure("demo", 9, false);
    assert_eq!(yard.claim_ids("demo", 9), [ids[1]], "it was released for when its queue goes on");
}

pub fn a_queue_without_a_free_slot_lets_another_one_have_the_place(mut yard: TestYard) {
    roomy_queues(&mut yard, &["demo", "other"]);
    let ids = yard.add_jobs(vec![of_queue("other"), of_queue("demo"), of_queue("demo")]);
    let second = yard.add_job(of_queue("other"));
    assert_eq!(yard.claim_ids("other", 9), ids[..1]);
    assert!(yard.claim("demo", 9).is_empty());
    yard.configure("demo", 1, false);
    yard.add_job(JobInsert { priority: 5, args: "{}".to_owned(), ..of_queue("demo") });
    assert_eq!(yard.claim("demo", 1).len(), 1, "its only slot");
    let finished = yard.finish_all(ids[0], 1, completed(), vec![]).expect("it was running");
    assert_eq!(finished.released, in_queue("other"));
    assert_eq!(yard.claim_ids("other", 9), [second]);
}

pub fn a_promotion_begins_with_queues_that_can_start_jobs(mut yard: TestYard) {
    roomy_queues(&mut yard, &["demo", "other", "third"]);
    let first = yard.add_job(of_customer("a"));
    assert_eq!(yard.claim_ids("demo", 9), [first]);
    let held: Vec<JobId> =
        ["demo", "demo", "third", "other"].map(|queue| yard.add_job(of_queue(queue))).to_vec();
    for queue in ["demo", "other", "third"] {
        assert!(yard.claim(queue, 9).is_empty());
    }
    yard.configure("demo", 9, true);
    yard.set_limit(per_customer(3));
    assert_eq!(yard.promote(100).released, [in_queue("other"), in_queue("third")].concat());
    assert_eq!(yard.claim_ids("other", 9), [held[3]]);
    assert_eq!(yard.claim_ids("third", 9), [held[2]]);
}

pub fn a_newcomer_lets_a_job_of_another_queue_go_first_that_can_start(mut yard: TestYard) {
    roomy_queues(&mut yard, &["demo", "other"]);
    let rate = Rate { count: 1, per_ms: 1_000, burst: 1 };
    yard.set_limit(Limit { rate: Some(rate), key: Some("/customer".to_owned()), ..limit("customer") });
    let ids = [yard.add_job(of_queue("demo")), yard.add_job(of_queue("demo"))];
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    yard.now_ms += 1_000;
    let newcomer = yard.add_job(of_queue("other"));
    let claimed = yard.claim_all("other", 9);
    assert!(claimed.jobs.is_empty());
    assert!(claimed.due_at_ms.is_some_and(|at_ms| at_ms <= yard.now_ms), "a promotion is wanted");
    assert_eq!(yard.promote(9).released, in_queue("demo"));
    assert_eq!(yard.claim_ids("demo", 9), ids[1..]);
    // One that waits in a queue that does not go on holds nobody up.
    yard.add_job(of_queue("demo"));
    assert!(yard.claim("demo", 9).is_empty());
    yard.configure("demo", 9, true);
    yard.now_ms += 1_000;
    let second = yard.add_job(of_queue("other"));
    assert_eq!(yard.claim_ids("other", 9), [newcomer]);
    yard.now_ms += 1_000;
    assert_eq!(yard.promote(9).released, in_queue("other"));
    assert_eq!(yard.claim_ids("other", 9), [second]);
    yard.now_ms += 1_000;
    assert_eq!(yard.promote(9).released, in_queue("demo"), "nobody else wants the place");
}

pub fn a_job_whose_turn_it_is_may_be_held_back_by_another_limit(mut yard: TestYard) {
    yard.set_limit(per_second(1, 1));
    let ids = yard.add_jobs(vec![of_customer("a"), of_customer("b"), of_customer("b")]);
    assert_eq!(yard.claim_ids("demo", 9), ids[..1]);
    yard.set_limit(per_customer(1));
    let urgent = yard.add_job(JobInsert { priority: 5, ..of_customer("b") });
    yard.now_ms += 1_000;
    assert_eq!(yard.claim_ids("demo", 9), [urgent]);
    yard.now_ms += 1_000;
    // The first two in the rate's order wait for their customer now, and nobody waits for them.
    let newcomer = yard.add_job(of_customer("c"));
    assert_eq!(yard.claim_ids("demo", 9), [newcomer]);
    let held: Vec<u64> = yard.limits().iter().map(|status| status.held_back).collect();
    assert_eq!(held, [2, 0]);
    yard.assert_counts_are_exact();
}
