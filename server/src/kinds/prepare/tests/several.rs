//! Several jobs of one call.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::{Value, json};
use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::JobId;
use taskyard_shared::new_job::{AddMode, After, NewJob, NewJobs, OnFailure};

use crate::kinds::prepare::Prepared;
use crate::kinds::tests::{NOW_MS, registry, test_files};
use crate::store::AfterInsert::{self, Inserted};

fn noop(name: &str, after: &[&str]) -> NewJob {
    let after = after.iter().map(|name| After::Ref((*name).to_owned())).collect();
    NewJob { name: Some(name.to_owned()), after, ..NewJob::new("noop", json!({ "payload": name })) }
}

fn bad(name: &str, after: &[&str]) -> NewJob {
    NewJob { priority: 500, ..noop(name, after) }
}

fn call(jobs: Vec<NewJob>) -> NewJobs {
    NewJobs { jobs, mode: AddMode::AllOrNothing, batch: None, then: None, chain: false }
}

async fn prepare(jobs: NewJobs) -> Result<Prepared, WireError> {
    registry().prepare_all(jobs, &test_files().files, NOW_MS).await
}

async fn accepted(jobs: NewJobs) -> Prepared {
    prepare(jobs).await.expect("the call is well formed")
}

/// What each job of the call came to: its number if the jobs get 1, 2, 3 and so on, or what is wrong with it.
fn outcomes(prepared: Prepared) -> Vec<String> {
    let (jobs, _, seats) = prepared.into_parts();
    let stored = (1..=jobs.len() as u64).map(|id| AddOutcome::Added { id: JobId(id) }).collect();
    let text = |outcome| match outcome {
        AddOutcome::Added { id } => id.to_string(),
        AddOutcome::Refused { error } => {
            error.fields.first().map_or(error.message, |field| field.message.clone())
        }
        AddOutcome::NotAdded {} => "not added".to_owned(),
        other => panic!("{other:?}"),
    };
    seats.outcomes(stored).into_iter().map(text).collect()
}

fn afters(prepared: &Prepared) -> Vec<Vec<AfterInsert>> {
    prepared.jobs.iter().map(|job| job.after.clone()).collect()
}

#[tokio::test]
async fn jobs_are_stored_in_an_order_in_which_they_can_wait_for_each_other() {
    let jobs = vec![noop("c", &["b", "a"]), noop("a", &[]), noop("b", &["a"])];
    let prepared = accepted(NewJobs { batch: Some(" Nightly ".to_owned()), ..call(jobs) }).await;
    assert_eq!(afters(&prepared), [vec![], vec![Inserted(0)], vec![Inserted(0), Inserted(1)]]);
    assert_eq!(prepared.terms.batch.as_deref(), Some("Nightly"));
    assert_eq!(outcomes(prepared), ["3", "1", "2"]);
}

#[tokio::test]
async fn the_waits_of_one_call_are_bounded_together_but_for_those_of_then() {
    let many = |each: usize, jobs: usize| {
        let waiting = NewJob { after: vec![After::Job(JobId(1)); each], ..noop("a", &[]) };
        NewJobs {
            then: Some(Box::new(noop("end", &[]))),
            ..call(vec![NewJob { name: None, ..waiting }; jobs])
        }
    };
    assert!(prepare(many(10_000, 2)).await.is_ok());
    for refused in [many(10_000, 3), NewJobs { chain: true, ..many(10_000, 2) }] {
        let error = prepare(refused).await.expect_err("too many");
        assert!(error.code == ErrorCode::TooLarge && error.message.contains("may wait for 20000"), "{error}");
    }
    let chain = NewJobs { chain: true, ..call(vec![NewJob { name: None, ..noop("a", &[]) }; 10_000]) };
    assert!(prepare(chain).await.is_ok());
}

#[tokio::test]
async fn a_chain_is_one_after_the_other_and_then_comes_after_all() {
    let then = Some(Box::new(noop("end", &[])));
    let prepared = accepted(NewJobs {
        chain: true,
        then,
        ..call(vec![noop("a", &[]), noop("b", &[]), noop("c", &["a"])])
    })
    .await;
    let all = vec![Inserted(0), Inserted(1), Inserted(2)];
    assert_eq!(afters(&prepared), [vec![], vec![Inserted(0)], vec![Inserted(0), Inserted(1)], all]);
    assert_eq!(prepared.jobs[3].options.on_failure, OnFailure::Continue);
    assert_eq!(prepared.jobs[2].options.on_failure, OnFailure::Stop);
    let cancel = NewJob { on_failure: OnFailure::Cancel, ..noop("end", &[]) };
    let prepared = accepted(NewJobs { then: Some(Box::new(cancel)), ..call(vec![noop("a", &[])]) }).await;
    assert_eq!(prepared.jobs[1].options.on_failure, OnFailure::Cancel);
}

#[tokio::test]
async fn all_or_nothing_stores_nothing_when_one_is_wrong_and_names_every_one_that_is() {
    let then = Some(Box::new(noop("end", &[])));
    let jobs = vec![bad("a", &[]), noop("b", &["a"]), bad("c", &["b"]), noop("d", &[])];
    let prepared = accepted(NewJobs { then, ..call(jobs) }).await;
    assert!(prepared.jobs.is_empty());
    let wrong = "priority must be -100 to 100";
    assert_eq!(outcomes(prepared), [wrong, "not added", wrong, "not added", "not added"]);
}

#[tokio::test]
async fn each_for_itself_stores_the_others_but_for_those_behind_a_refused_one() {
    let then = Some(Box::new(noop("end", &[])));
    let jobs = vec![bad("a", &[]), noop("b", &["a"]), noop("c", &["b"]), noop("d", &[]), noop("e", &["d"])];
    let prepared = accepted(NewJobs { mode: AddMode::Each, then, ..call(jobs) }).await;
    assert_eq!(afters(&prepared), [vec![], vec![Inserted(0)], vec![Inserted(0), Inserted(1)]]);
    let expected = [
        "priority must be -100 to 100",
        "after names a, which was refused",
        "after names b, which was refused",
        "1",
        "2",
        "3",
    ];
    assert_eq!(outcomes(prepared), expected);
}

#[tokio::test]
async fn circles_are_refused_with_the_names_in_them() {
    let jobs =
        vec![noop("a", &["b"]), noop("b", &["a"]), noop("c", &["a"]), noop("d", &[]), noop("e", &["e"])];
    let circle = "after makes jobs wait for each other: a → b → a";
    let expected = [
        circle,
        circle,
        "after names a, which was refused",
        "1",
        "after makes jobs wait for each other: e → e",
    ];
    assert_eq!(outcomes(accepted(NewJobs { mode: AddMode::Each, ..call(jobs.clone()) }).await), expected);
    let all = outcomes(accepted(call(jobs)).await);
    assert_eq!(all, [circle, circle, "not added", "not added", expected[4]]);
}

#[tokio::test]
async fn a_circle_may_go_through_a_chain_and_is_named_in_part_when_it_is_long() {
    let mut jobs: Vec<NewJob> = (0..20).map(|_| NewJob::new("noop", json!({}))).collect();
    jobs[0].after.push(After::Ref("last".to_owned()));
    jobs[19].name = Some("last".to_owned());
    let found = outcomes(accepted(NewJobs { chain: true, ..call(jobs) }).await);
    let circle = "after makes jobs wait for each other: job 1 → last → job 19 → job 18 → job 17 → job 16 → job 15 → \
                  job 14 → job 13 → job 12 → … → job 1";
    assert!(found.iter().all(|outcome| outcome == circle), "{found:?}");
}

#[tokio::test]
async fn names_must_be_known_and_given_once() {
    let jobs =
        vec![noop("a", &["z"]), noop("b", &[]), noop("b", &[]), noop("", &[]), noop(&"x".repeat(257), &[])];
    let expected = [
        "after names \"z\", but no job of this call is called that",
        "1",
        "ref is \"b\", as that of job 2 of this call",
        "ref must have 1 to 256 bytes",
        "ref must have 1 to 256 bytes",
    ];
    assert_eq!(outcomes(accepted(NewJobs { mode: AddMode::Each, ..call(jobs) }).await), expected);
}

#[tokio::test]
async fn a_call_has_a_bound_and_a_batch_a_name() {
    let error = prepare(call(Vec::new())).await.expect_err("no jobs");
    assert_eq!((error.code, error.fields[0].field.as_str()), (ErrorCode::InvalidArguments, "$jobs"));
    let many = vec![NewJob::new("noop", json!({})); 10_001];
    assert_eq!(prepare(call(many)).await.expect_err("too many").code, ErrorCode::TooLarge);
    for name in [" ".to_owned(), "x".repeat(201)] {
        let named = NewJobs { batch: Some(name), ..call(vec![noop("a", &[])]) };
        assert_eq!(prepare(named).await.expect_err("a bad name").fields[0].field, "$batch");
    }
}

#[tokio::test]
async fn a_result_of_the_same_call_is_known_by_its_place() {
    let fetch = |url: Value| NewJob::new("http", json!({ "url": url }));
    let first = NewJob { name: Some("first".to_owned()), ..fetch(json!("https://example.org/")) };
    let named = NewJob {
        after: vec![After::Ref("first".to_owned()), After::Job(JobId(9))],
        ..fetch(json!({"$result": {"ref": "first", "pointer": "/url"}}))
    };
    let chained = fetch(json!({"$result": {"after": 0}}));
    let prepared = accepted(NewJobs { chain: true, ..call(vec![first, named, chained]) }).await;
    let url = |place: usize| {
        serde_json::from_str::<Value>(&prepared.jobs[place].args).expect("JSON")["url"].clone()
    };
    assert_eq!(afters(&prepared)[1], [AfterInsert::Stored(JobId(9)), Inserted(0)]);
    assert_eq!(url(1), json!({"$result": {"after": 1, "pointer": "/url"}}));
    assert_eq!(url(2), json!({"$result": {"after": 0}}));
    let stranger = fetch(json!({"$result": {"ref": "first"}}));
    let jobs = vec![NewJob { name: Some("first".to_owned()), ..NewJob::new("noop", json!({})) }, stranger];
    assert!(outcomes(accepted(call(jobs)).await)[1].contains("must come after"));
}

#[tokio::test]
async fn a_result_is_not_taken_from_a_place_that_may_be_another_jobs() {
    let unique = json!({"key": "k", "on_conflict": "existing"});
    let first = NewJob { unique: serde_json::from_value(unique).expect("unique"), ..noop("first", &[]) };
    let takes = |after: &[&str]| NewJob {
        args: json!({"payload": {"$result": {"ref": "first"}}}),
        ..noop("takes", after)
    };
    let alone = accepted(call(vec![first.clone(), takes(&["first"])])).await;
    assert_eq!(outcomes(alone), ["1", "2"]);
    let beside = accepted(call(vec![first, noop("b", &[]), takes(&["first", "b"])])).await;
    assert!(outcomes(beside)[2].contains("must come after a single job"));
}

#[tokio::test]
async fn ten_thousand_jobs_take_well_under_a_second() {
    let demo = |n: usize| NewJob {
        name: Some(format!("job-{n}")),
        after: vec![After::Ref(format!("job-{}", (n + 1) % 10_000))],
        ..NewJob::new("demo", json!({ "name": n.to_string() }))
    };
    let then = Some(Box::new(NewJob::new("noop", json!({}))));
    let mut jobs: Vec<NewJob> = (0..10_000).map(demo).collect();
    jobs[9_999].after.clear();
    let begun = Instant::now();
    let prepared = accepted(NewJobs { then, ..call(jobs.clone()) }).await;
    let took = begun.elapsed();
    assert_eq!((prepared.jobs.len(), prepared.jobs[10_000].after.len()), (10_001, 10_000));
    assert_eq!(prepared.jobs[0].name, "9999");
    // A debug build on a busy machine; it takes a tenth of a second on an idle one.
    assert!(took < Duration::from_secs(5), "{took:?}");
    jobs[9_999].after.push(After::Ref("job-0".to_owned()));
    assert!(accepted(call(jobs)).await.jobs.is_empty());
}

/// Jobs that name each other, themselves and nobody at random, some of them wrong.
fn any_call() -> impl Strategy<Value = NewJobs> {
    let name = || (0_u8..8).prop_map(|n| n.to_string());
    let after =
        prop_oneof![4 => name().prop_map(After::Ref), 1 => (1_u64..4).prop_map(|id| After::Job(JobId(id)))];
    let args = prop_oneof![
        Just(json!({})),
        Just(json!({"payload": {"$result": {"after": 0}}})),
        name().prop_map(|name| json!({"payload": {"$result": {"ref": name, "pointer": "/x"}}})),
        Just(json!({"payload": {"$result": 1}})),
        Just(json!([1])),
    ];
    let on_failure = prop_oneof![Just(OnFailure::Stop), Just(OnFailure::Continue), Just(OnFailure::Cancel)];
    let job = (prop::option::of(name()), prop::collection::vec(after, 0..3), args, on_failure, 95_i16..=101)
        .prop_map(|(name, after, args, on_failure, priority)| NewJob {
            name,
            after,
            on_failure,
            priority,
            ..NewJob::new("noop", args)
        });
    let mode = prop_oneof![Just(AddMode::AllOrNothing), Just(AddMode::Each)];
    (prop::collection::vec(job.clone(), 1..9), mode, prop::option::of(job), any::<bool>()).prop_map(
        |(jobs, mode, then, chain)| NewJobs { jobs, mode, batch: None, then: then.map(Box::new), chain },
    )
}

proptest! {
    #[test]
    fn whatever_is_asked_each_job_gets_one_outcome_and_those_that_are_stored_are_in_order(call in any_call()) {
        let count = call.jobs.len() + usize::from(call.then.is_some());
        let mode = call.mode;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let prepared = runtime.block_on(prepare(call)).expect("the call is well formed");
        let stored = prepared.jobs.len();
        prop_assert!(stored == 0 || stored == count || mode == AddMode::Each);
        for (place, job) in prepared.jobs.iter().enumerate() {
            let is_before = |after: &AfterInsert| !matches!(after, Inserted(other) if *other >= place);
            prop_assert!(job.after.iter().all(is_before));
            prop_assert!(!job.takes_results || !job.after.is_empty());
        }
        let mut numbers: Vec<usize> = outcomes(prepared).iter().filter_map(|text| text.parse().ok()).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=stored).collect::<Vec<_>>());
    }
}
