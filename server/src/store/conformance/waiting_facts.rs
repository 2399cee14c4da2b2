//! What a store can tell of why a job waits.

use serde_json::json;
use taskyard_shared::job::{Dependency, DependencyState, JobId};
use taskyard_shared::limit::Limit;
use taskyard_shared::new_job::OnFailure;

use super::TestYard;
use super::yard::{after, failed, job, limit, per_customer, with_args};
use crate::limits::MeterUse;
use crate::store::ops::JobInsert;
use crate::store::{MAX_COUNTED_AHEAD, MAX_NAMED_WAITS};

pub fn nobody_knows_of_a_job_that_does_not_exist(yard: TestYard) {
    for unknown in [JobId(0), JobId(77), JobId(u64::MAX)] {
        assert_eq!(yard.reader.waiting_facts(unknown).unwrap(), None);
    }
}

pub fn jobs_with_a_higher_priority_and_older_ones_are_ahead(mut yard: TestYard) {
    let with = |priority| JobInsert { priority, ..job("demo", "a job") };
    let ids = yard.add_jobs([0, 5, 0, -5, 0].map(with).to_vec());
    yard.add("other");
    let ahead = ids.iter().map(|id| yard.facts(*id).ahead).collect::<Vec<_>>();
    assert_eq!(ahead, [1, 0, 2, 4, 3]);
    let facts = yard.facts(ids[0]);
    assert_eq!((&facts.job, facts.ahead_at_least), (&yard.detail(ids[0]).job, false));
    yard.claim("demo", 2);
    assert_eq!(yard.facts(ids[4]).ahead, 1);
    assert_eq!(yard.facts(ids[1]).ahead, 0, "it runs");
}

pub fn jobs_that_a_limit_holds_back_are_not_ahead(mut yard: TestYard) {
    yard.set_limit(per_customer(1));
    let ids: Vec<_> = (0..4).map(|_| yard.add("demo")).collect();
    assert_eq!(yard.facts(ids[3]).ahead, 3);
    yard.claim("demo", 9);
    let free = yard.add_job(JobInsert { kind: "image".into(), ..job("demo", "free") });
    assert_eq!(yard.facts(free).ahead, 0);
    assert_eq!(yard.facts(ids[3]).ahead, 0);
}

pub fn what_is_ahead_is_counted_up_to_a_bound(mut yard: TestYard) {
    yard.add_jobs(vec![job("demo", "a job"); MAX_COUNTED_AHEAD as usize]);
    let ids = yard.add_jobs(vec![job("demo", "a job"); 2]);
    let ahead = |yard: &TestYard, id| (yard.facts(id).ahead, yard.facts(id).ahead_at_least);
    assert_eq!(ahead(&yard, ids[0]), (MAX_COUNTED_AHEAD, false));
    assert_eq!(ahead(&yard, ids[1]), (MAX_COUNTED_AHEAD, true));
}

pub fn what_a_job_waits_for_is_named_blocked_ones_first(mut yard: TestYard) {
    let on: Vec<_> = (0..MAX_NAMED_WAITS + 3).map(|_| yard.add("other")).collect();
    let id = yard.add_job(after(&on, OnFailure::Stop));
    yard.claim("other", 3);
    yard.finish(on[0], 1, super::yard::completed());
    yard.finish(on[2], 1, failed("no"));
    yard.resolve_all();
    let facts = yard.facts(id);
    assert_eq!(facts.waits_for_count, on.len() as u64 - 1);
    assert_eq!(facts.waits_for.len(), MAX_NAMED_WAITS);
    assert_eq!(facts.waits_for[0], Dependency { job: on[2], state: DependencyState::Blocked });
    assert_eq!(facts.waits_for[1], Dependency { job: on[1], state: DependencyState::Open });
    assert_eq!(facts.waits_for[2].job, on[3]);
    assert_eq!(facts.options.on_failure, OnFailure::Stop);
    assert_eq!((yard.facts(on[1]).waits_for, yard.facts(on[1]).waits_for_count), (vec![], 0));
}

pub fn every_limit_that_applies_is_named_with_its_key_and_use(mut yard: TestYard) {
    yard.set_limit(per_customer(2));
    yard.set_limit(Limit { queue: Some("demo".to_owned()), concurrency: Some(9), ..limit("queue") });
    yard.set_limit(Limit { kind: Some("image".to_owned()), ..limit("image") });
    let of = |customer| with_args(&json!({ "customer": customer }));
    let ids = yard.add_jobs(vec![of("a"), of("b"), of("b"), of("b")]);
    yard.claim("demo", 9);
    let named = |yard: &TestYard, id| {
        let limits = yard.facts(id).limits.into_iter();
        limits.map(|(limit, key, used)| (limit.name.clone(), key, used)).collect::<Vec<_>>()
    };
    let used = |running| MeterUse { running, arrival_us: 0 };
    let expected = |key: &str, running| {
        vec![
            ("queue".to_owned(), String::new(), used(3)),
            ("customer".to_owned(), key.to_owned(), used(running)),
        ]
    };
    assert_eq!(named(&yard, ids[0]), expected("a", 1));
    assert_eq!(named(&yard, ids[3]), expected("b", 2));
    let new = yard.add_job(of("new"));
    assert_eq!(named(&yard, new), expected("new", 0));
}
