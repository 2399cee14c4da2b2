//! Requests that are made twice.

use taskyard_shared::batch::BatchId;
use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::JobId;
use taskyard_shared::limits::IDEMPOTENCY_MS;
use taskyard_shared::new_job::{AddMode, OnConflict};

use super::TestYard;
use super::yard::{job, unique};
use crate::store::ops::{AddTerms, IdempotencyKey, InsertResult};
use crate::store::{Seat, Seats};

fn terms(key: &str, fingerprint: &str) -> AddTerms {
    let idempotency = Some(IdempotencyKey { key: key.to_owned(), fingerprint: fingerprint.to_owned() });
    AddTerms { idempotency, ..AddTerms::default() }
}

fn is_new(result: &InsertResult) -> bool {
    matches!(result, InsertResult::Done { .. })
}

pub fn a_repeated_request_is_answered_as_the_first_was(mut yard: TestYard) {
    let other = yard.add_job(unique("k", OnConflict::Reject));
    let jobs = || {
        vec![
            job("demo", "a"),
            unique("k", OnConflict::Existing),
            unique("k", OnConflict::Replace),
            unique("k", OnConflict::Reject),
        ]
    };
    let with_batch = || AddTerms { mode: AddMode::Each, batch: Some("b".to_owned()), ..terms("key", "f") };
    assert!(is_new(&yard.insert_all(jobs(), with_batch())));
    let before = yard.writer.load().unwrap();
    let InsertResult::Replayed { batch, outcomes } = yard.insert_all(jobs(), with_batch()) else { panic!() };
    assert_eq!(batch, Some(BatchId(2)));
    let [AddOutcome::Added { id }, existing, replaced, AddOutcome::Refused { error }] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!((id.0, existing), (2, &AddOutcome::Existing { id: other }));
    assert_eq!(replaced, &AddOutcome::Replaced { id: other });
    assert_eq!(error.code, ErrorCode::Conflict);
    assert_eq!(yard.writer.load().unwrap(), before, "nothing changed");
}

pub fn the_answer_names_every_job_of_the_call_and_can_be_read(mut yard: TestYard) {
    let key = |fingerprint| terms("key", fingerprint).idempotency.unwrap();
    assert_eq!(yard.reader.answered(&key("f"), yard.now_ms).unwrap(), None);
    let refused = WireError::new(ErrorCode::InvalidArguments, "it expired");
    let seats = Some(Seats(vec![Seat::Refused(refused.clone()), Seat::At(1), Seat::At(0)]));
    let jobs = || vec![job("demo", "a"), job("demo", "b")];
    let given_at_ms = yard.now_ms;
    yard.insert_all(jobs(), AddTerms { seats, ..terms("key", "f") });
    let [first, second] = [1, 2].map(|id| AddOutcome::Added { id: JobId(id) });
    let outcomes = vec![AddOutcome::Refused { error: refused }, second, first];
    let answer = InsertResult::Replayed { batch: None, outcomes };
    // By then the first one is no longer refused.
    let seats = Some(Seats(vec![Seat::At(0), Seat::At(1)]));
    assert_eq!(yard.insert_all(jobs(), AddTerms { seats, ..terms("key", "f") }), answer);
    assert_eq!(yard.reader.answered(&key("f"), yard.now_ms).unwrap(), Some(answer));
    assert_eq!(yard.reader.answered(&key("g"), yard.now_ms).unwrap(), Some(InsertResult::KeyReused));
    assert_eq!(yard.reader.answered(&key("f"), given_at_ms + IDEMPOTENCY_MS).unwrap(), None);
}

pub fn a_key_is_for_one_request_alone(mut yard: TestYard) {
    assert!(is_new(&yard.insert_all(vec![job("demo", "a")], terms("key", "f"))));
    assert_eq!(yard.insert_all(vec![job("demo", "b")], terms("key", "g")), InsertResult::KeyReused);
    assert!(is_new(&yard.insert_all(vec![job("demo", "b")], terms("another", "g"))));
    assert_eq!(yard.counts("demo").pending, 2);
}

pub fn an_answer_outlives_its_jobs_and_is_kept_for_a_day(mut yard: TestYard) {
    let request = |yard: &mut TestYard| yard.insert_all(vec![job("demo", "a")], terms("key", "f"));
    yard.now_ms = 5_000;
    assert!(is_new(&request(&mut yard)));
    yard.cancel(taskyard_shared::job::JobId(1));
    yard.clear(None, i64::MAX, 9);
    yard.now_ms = 5_000 + IDEMPOTENCY_MS - 1;
    yard.tidy(9);
    yard.now_ms -= 1;
    assert!(matches!(request(&mut yard), InsertResult::Replayed { .. }));
    assert!(is_new(&request(&mut yard)), "a day later");
    assert!(matches!(request(&mut yard), InsertResult::Replayed { .. }), "and from then on the new answer");
}

pub fn a_request_of_which_nothing_came_may_be_made_again(mut yard: TestYard) {
    let first = yard.add_job(unique("k", OnConflict::Reject));
    let request = |yard: &mut TestYard| {
        let jobs = vec![job("demo", "good"), unique("k", OnConflict::Reject)];
        yard.insert_all(jobs, terms("key", "f"))
    };
    assert!(is_new(&request(&mut yard)));
    yard.cancel(first);
    assert!(is_new(&request(&mut yard)));
    assert!(matches!(request(&mut yard), InsertResult::Replayed { .. }));
}

pub fn old_answers_are_forgotten_a_few_at_a_time(mut yard: TestYard) {
    for key in ["a", "b", "c"] {
        yard.insert_all(vec![job("demo", "a")], terms(key, "f"));
    }
    assert!(!yard.tidy(2), "they are not old");
    yard.now_ms += IDEMPOTENCY_MS;
    assert!(yard.tidy(2));
    let before = yard.writer.load().unwrap().commit;
    assert!(!yard.tidy(2));
    assert!(!yard.tidy(2));
    assert_eq!(yard.writer.load().unwrap().commit.0, before.0 + 1, "the last one had nothing to do");
}
