//! Jobs of which there is to be one only.

use serde_json::json;
use taskyard_shared::job::{JobId, JobOptions, JobState};
use taskyard_shared::new_job::{AddMode, OnConflict};

use super::TestYard;
use super::yard::{completed, file, in_queue, job, per_customer, unique};
use crate::store::ops::{AddTerms, InsertError, InsertOutcome, JobInsert, UniqueInsert};

fn add_one(yard: &mut TestYard, job: JobInsert) -> InsertOutcome {
    yard.insert(vec![job], AddTerms::default()).remove(0)
}

fn added(outcome: &InsertOutcome) -> JobId {
    match outcome {
        InsertOutcome::Added(row) => row.id,
        other => panic!("{other:?}"),
    }
}

pub fn a_unique_job_is_refused_while_another_one_has_its_key(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    assert_eq!(yard.detail(first).options.unique_key.as_deref(), Some("k"));
    let refused = InsertOutcome::Refused(InsertError::Taken(first));
    assert_eq!(add_one(&mut yard, unique("k", OnConflict::Reject)), refused);
    assert_eq!(added(&add_one(&mut yard, unique("other", OnConflict::Reject))).0, 2, "no id was wasted");
    yard.claim("demo", 1);
    assert_eq!(add_one(&mut yard, unique("k", OnConflict::Reject)), refused);
    yard.finish(first, 1, completed());
    let next = added(&add_one(&mut yard, unique("k", OnConflict::Reject)));
    assert_eq!(add_one(&mut yard, unique("k", OnConflict::Existing)), InsertOutcome::Existing(next));
}

pub fn a_conflict_may_be_answered_with_the_job_that_is_there(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let before = yard.writer.load().unwrap();
    assert_eq!(add_one(&mut yard, unique("k", OnConflict::Existing)), InsertOutcome::Existing(first));
    assert_eq!(yard.writer.load().unwrap(), before, "nothing changed");
}

pub fn a_conflict_may_give_the_job_that_is_there_new_content(mut yard: TestYard) {
    let first = yard.add_job(JobInsert { inputs: vec![file("old", 'a')], ..unique("k", OnConflict::Reject) });
    let by = JobInsert {
        args: json!({"new": true}).to_string(),
        queue: "other".into(),
        name: "renamed".to_owned(),
        detail: "now".to_owned(),
        inputs: vec![file("new", 'b')],
        priority: 7,
        max_attempts: 4,
        options: JobOptions { timeout_ms: Some(9), ..unique("k", OnConflict::Replace).options },
        ..unique("k", OnConflict::Replace)
    };
    let InsertOutcome::Replaced(moved) = add_one(&mut yard, by) else { panic!() };
    assert_eq!((moved.job.id, moved.from, moved.job.state), (first, JobState::Pending, JobState::Pending));
    assert_eq!((moved.job.name.as_str(), moved.job.detail.as_str()), ("renamed", "now"));
    assert_eq!((moved.job.priority, moved.job.max_attempts, moved.job.queue.as_str()), (7, 4, "demo"));
    assert_eq!(*moved.job, yard.detail(first).job);
    let claimed = yard.claim("demo", 1).remove(0);
    assert_eq!((claimed.args.as_str(), claimed.options.timeout_ms), (r#"{"new":true}"#, Some(9)));
    assert_eq!(claimed.inputs, [file("new", 'b')]);
    assert_eq!(yard.reader.unreferenced(&["a".repeat(64)]).unwrap().len(), 1);
    yard.assert_counts_are_exact();
}

pub fn a_replaced_job_may_move_between_scheduled_and_pending(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let later = JobInsert { run_at_ms: Some(9_000), ..unique("k", OnConflict::Replace) };
    let InsertOutcome::Replaced(moved) = add_one(&mut yard, later) else { panic!() };
    assert_eq!((moved.from, moved.job.state), (JobState::Pending, JobState::Scheduled));
    assert!(yard.claim("demo", 1).is_empty());
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(9_000));
    let later_still = JobInsert { run_at_ms: Some(9_500), ..unique("k", OnConflict::Replace) };
    add_one(&mut yard, later_still);
    assert_eq!(yard.writer.load().unwrap().due_at_ms, Some(9_500));
    let InsertOutcome::Replaced(moved) = add_one(&mut yard, unique("k", OnConflict::Replace)) else {
        panic!()
    };
    assert_eq!((moved.from, moved.job.run_at_ms), (JobState::Scheduled, None));
    assert_eq!(yard.claim_ids("demo", 1), [first]);
    yard.assert_counts_are_exact();
}

pub fn a_job_that_has_begun_is_not_replaced(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    yard.claim("demo", 1);
    let error = InsertError::NotReplaceable(first, JobState::Processing);
    assert_eq!(add_one(&mut yard, unique("k", OnConflict::Replace)), InsertOutcome::Refused(error));
}

pub fn a_replaced_job_that_was_held_back_is_looked_at_anew(mut yard: TestYard) {
    let of = |customer: &str, on_conflict| JobInsert {
        args: json!({ "customer": customer }).to_string(),
        ..unique(customer, on_conflict)
    };
    yard.set_limit(per_customer(1));
    let running = yard.add_job(JobInsert { unique: None, ..of("a", OnConflict::Reject) });
    let held = yard.add_job(of("a", OnConflict::Reject));
    assert_eq!(yard.claim_ids("demo", 9), [running]);
    let by = JobInsert { args: json!({"customer": "b"}).to_string(), ..of("a", OnConflict::Replace) };
    add_one(&mut yard, by);
    assert_eq!(yard.limit_counts(), (1, 1, 0));
    assert_eq!(yard.claim_ids("demo", 9), [held]);
    assert_eq!(yard.limit_counts(), (2, 2, 0));
    assert_eq!(yard.finish_all(held, 1, completed(), vec![]).unwrap().released, []);
    assert_ne!(in_queue("demo"), []);
}

pub fn a_key_may_be_taken_for_a_time_only(mut yard: TestYard) {
    let with = |period_ms, states: &[JobState]| JobInsert {
        unique: Some(UniqueInsert {
            key: "k".to_owned(),
            period_ms,
            states: states.to_vec(),
            on_conflict: OnConflict::Reject,
        }),
        ..unique("k", OnConflict::Reject)
    };
    yard.now_ms = 5_000;
    let first = yard.add_job(with(None, &JobState::ALL));
    yard.claim("demo", 1);
    yard.finish(first, 1, completed());
    let refused = InsertOutcome::Refused(InsertError::Taken(first));
    yard.now_ms = 5_999;
    assert_eq!(add_one(&mut yard, with(Some(1_000), &JobState::ALL)), refused);
    assert_eq!(add_one(&mut yard, with(None, &JobState::ALL)), refused, "for ever");
    let next = added(&add_one(&mut yard, with(Some(1_000), &JobState::ALL)));
    let refused = InsertOutcome::Refused(InsertError::Taken(next));
    assert_eq!(add_one(&mut yard, with(Some(1_000), &[JobState::Pending])), refused);
    added(&add_one(&mut yard, with(Some(1_000), &[JobState::Failed])));
}

pub fn two_jobs_of_one_insert_do_not_share_a_key(mut yard: TestYard) {
    let jobs = vec![
        unique("k", OnConflict::Reject),
        unique("k", OnConflict::Existing),
        JobInsert { priority: 3, ..unique("k", OnConflict::Replace) },
    ];
    let outcomes = yard.insert(jobs, AddTerms::default());
    assert_eq!(added(&outcomes[0]), JobId(1));
    assert_eq!(outcomes[1], InsertOutcome::Existing(JobId(1)));
    let InsertOutcome::Replaced(moved) = &outcomes[2] else { panic!() };
    assert_eq!((moved.job.id, moved.job.priority), (JobId(1), 3));
    assert_eq!(yard.claim("demo", 9).len(), 1);
    let numbered = |number| JobInsert { number, ..unique("other", OnConflict::Reject) };
    for mode in [AddMode::AllOrNothing, AddMode::Each] {
        let terms = AddTerms { mode, ..AddTerms::default() };
        let outcomes = yard.insert(vec![numbered(4), numbered(2)], terms);
        assert_eq!(outcomes[1], InsertOutcome::Refused(InsertError::TakenInCall(4)), "none has a number yet");
    }
}

pub fn a_key_goes_with_its_job(mut yard: TestYard) {
    let any_state = || {
        let mut job = unique("k", OnConflict::Reject);
        job.unique.as_mut().expect("it is unique").states = JobState::ALL.to_vec();
        job
    };
    let first = yard.add_job(any_state());
    yard.cancel(first);
    assert!(matches!(add_one(&mut yard, any_state()), InsertOutcome::Refused(_)));
    yard.delete(first);
    let second = added(&add_one(&mut yard, any_state()));
    yard.cancel(second);
    yard.clear(None, i64::MAX, 9);
    added(&add_one(&mut yard, any_state()));
}

pub fn one_refusal_refuses_all_unless_each_is_for_itself(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let jobs = || vec![job("demo", "good"), unique("k", OnConflict::Reject), job("new queue", "good too")];
    let refused = InsertOutcome::Refused(InsertError::Taken(first));
    let before = yard.writer.load().unwrap();
    let outcomes = yard.insert(jobs(), AddTerms::default());
    assert_eq!(outcomes, [InsertOutcome::NotAdded, refused.clone(), InsertOutcome::NotAdded]);
    assert_eq!(yard.writer.load().unwrap(), before, "nothing changed");
    let outcomes = yard.insert(jobs(), AddTerms { mode: AddMode::Each, ..AddTerms::default() });
    assert_eq!((added(&outcomes[0]).0, &outcomes[1], added(&outcomes[2]).0), (2, &refused, 3));
    yard.assert_counts_are_exact();
}
