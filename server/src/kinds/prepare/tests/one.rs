//! What a job says beside its arguments.

use serde_json::{Value, json};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limits::MAX_DELAY_MS;
use taskyard_shared::new_job::{After, Backoff, BackoffCurve, NewJob, OnConflict, OnFailure};

use crate::kinds::tests::{MINUTE, NOW_MS, Sums, registry, test_files};
use crate::kinds::{Demo, KindRegistry};
use crate::store::{AfterInsert, JobInsert, KindSays};

/// A demo job that says this besides.
fn demo(more: Value) -> NewJob {
    let mut job = json!({"kind": "demo", "args": {"name": "a"}});
    job.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(job).expect("a job")
}

async fn prepared(job: NewJob) -> JobInsert {
    registry().prepare(job, &test_files().files, NOW_MS).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The fields that are wrong, each with its sentence.
async fn wrong(more: Value) -> Vec<(String, String)> {
    let error = registry().prepare(demo(more), &test_files().files, NOW_MS).await.expect_err("refused");
    assert_eq!(error.code, ErrorCode::InvalidArguments);
    error.fields.into_iter().map(|field| (field.field, field.message)).collect()
}

#[tokio::test]
async fn what_a_job_does_not_say_is_the_kinds_to_say() {
    let insert = prepared(demo(json!({}))).await;
    assert_eq!(insert.kind_says, KindSays { max_attempts: true, timeout: true });
    assert_eq!((insert.max_attempts, insert.options.timeout_ms, insert.priority), (1, None, 0));
    assert_eq!((insert.run_at_ms, insert.unique, insert.takes_results), (None, None, false));
    let http = prepared(NewJob::new("http", json!({"url": "https://example.org"}))).await;
    assert_eq!((http.max_attempts, http.options.timeout_ms), (8, Some(360_000)));
}

#[tokio::test]
async fn a_job_takes_earlier_results_for_as_long_as_it_says_or_else_its_kind() {
    let table = [
        ("demo", None, None),
        ("demo", Some(0), None),
        ("demo", Some(MAX_DELAY_MS), Some(MAX_DELAY_MS)),
        ("sums", None, Some(60_000)),
        ("sums", Some(0), None),
        ("sums", Some(5), Some(5)),
    ];
    let kinds = KindRegistry::builder().register(Demo).and_then(|kinds| kinds.register(Sums(MINUTE)));
    let kinds = kinds.expect("good kinds").build();
    for (kind, cache_for_ms, stored) in table {
        let job = NewJob { cache_for_ms, ..NewJob::new(kind, json!({"name": "a"})) };
        let insert = kinds.prepare(job, &test_files().files, NOW_MS).await.expect("a good job");
        assert_eq!(insert.options.cache_for_ms, stored, "{kind} {cache_for_ms:?}");
    }
}

#[tokio::test]
async fn what_a_job_says_goes_before_its_kind() {
    let backoff = json!({"curve": "fixed", "base_ms": 500, "max_ms": 900, "jitter_percent": 0});
    let insert = prepared(demo(json!({
        "queue": "slow", "priority": -100, "max_attempts": 7, "timeout_ms": 100, "backoff": backoff,
        "delay_ms": 5_000, "expires_at": "2027-01-31T10:00:06+01:00", "on_failure": "cancel", "after": [{"job": 3}],
    })))
    .await;
    assert_eq!((&*insert.queue, insert.priority, insert.max_attempts), ("slow", -100, 7));
    assert_eq!(insert.kind_says, KindSays::default());
    assert_eq!(
        (insert.run_at_ms, insert.options.expires_at_ms),
        (Some(NOW_MS + 5_000), Some(NOW_MS + 6_000))
    );
    let fixed = Backoff { curve: BackoffCurve::Fixed, base_ms: 500, max_ms: 900, jitter_percent: 0 };
    assert_eq!((insert.options.timeout_ms, insert.options.backoff), (Some(100), fixed));
    assert_eq!(
        (insert.options.on_failure, insert.after),
        (OnFailure::Cancel, vec![AfterInsert::Stored(JobId(3))])
    );
}

#[tokio::test]
async fn a_time_to_run_at_that_is_over_means_at_once() {
    let at = |text: &str| prepared(demo(json!({ "run_at": text })));
    assert_eq!(at("2027-01-31T09:00:00.5Z").await.run_at_ms, Some(NOW_MS + 500));
    assert_eq!(at("2027-01-31T09:00:00Z").await.run_at_ms, None);
    assert_eq!(at("1970-01-01T00:00:00Z").await.run_at_ms, None);
    assert_eq!(prepared(demo(json!({"delay_ms": 0}))).await.run_at_ms, None);
    let most = prepared(demo(json!({ "delay_ms": MAX_DELAY_MS }))).await.run_at_ms;
    assert_eq!(most, Some(NOW_MS + MAX_DELAY_MS.cast_signed()));
}

#[tokio::test]
async fn each_wrong_setting_is_named_at_its_field() {
    let such_as = "it must be a time with its zone such as 2027-01-31T09:00:00Z";
    let ms = MAX_DELAY_MS;
    let table = [
        (json!({"priority": 101}), "$priority", "priority must be -100 to 100".to_owned()),
        (json!({"priority": -101}), "$priority", "priority must be -100 to 100".to_owned()),
        (json!({"run_at": "soon"}), "$run_at", format!("run_at is \"soon\"; {such_as}")),
        (
            json!({"run_at": "2027-01-31T09:00:00"}),
            "$run_at",
            format!("run_at is \"2027-01-31T09:00:00\"; {such_as}"),
        ),
        (
            json!({"run_at": "2038-01-01T00:00:00Z"}),
            "$run_at",
            "run_at must not be more than ten years from now".into(),
        ),
        (
            json!({"run_at": "9999-12-31T23:59:59Z"}),
            "$run_at",
            "run_at must not be more than ten years from now".into(),
        ),
        (json!({"delay_ms": ms + 1}), "$delay_ms", format!("delay_ms must be 0 to {ms}")),
        (json!({"delay_ms": u64::MAX}), "$delay_ms", format!("delay_ms must be 0 to {ms}")),
        (
            json!({"delay_ms": 1, "run_at": "2028-01-01T00:00:00Z"}),
            "$delay_ms",
            "delay_ms and run_at cannot both be given".to_owned(),
        ),
        (
            json!({"expires_at": "2027-01-31T09:00:00Z"}),
            "$expires_at",
            "expires_at is over already".to_owned(),
        ),
        (
            json!({"expires_at": "2027-01-31T09:00:01Z", "delay_ms": 1_000}),
            "$expires_at",
            "expires_at must be later than the time at which the job may run".to_owned(),
        ),
        (json!({"max_attempts": 0}), "$max_attempts", "max_attempts must be 1 to 1000".to_owned()),
        (json!({"timeout_ms": 99}), "$timeout_ms", format!("timeout_ms must be 100 to {ms}")),
        (
            json!({"cache_for_ms": MAX_DELAY_MS + 1}),
            "$cache_for_ms",
            format!("cache_for_ms must be 0 to {ms}"),
        ),
        (json!({"backoff": {"base_ms": 1}}), "$backoff/base_ms", format!("base_ms must be 100 to {ms}")),
        (json!({"unique": {"states": []}}), "$unique/states", "states must name a state".to_owned()),
        (json!({"unique": {"key": ""}}), "$unique/key", "key must have 1 to 256 bytes".to_owned()),
        (json!({"unique": {"period_ms": 0}}), "$unique/period_ms", format!("period_ms must be 1 to {ms}")),
        (
            json!({"after": [{"ref": "a"}]}),
            "$after",
            "after names \"a\", but no job of this call is called that".to_owned(),
        ),
    ];
    for (more, field, sentence) in table {
        assert_eq!(wrong(more.clone()).await, [(field.to_owned(), sentence)], "{more}");
    }
}

#[tokio::test]
async fn wrong_settings_and_wrong_arguments_are_named_at_once() {
    let found = wrong(json!({"args": {"name": "", "duration": 0}, "priority": 500, "run_at": ""})).await;
    let mut fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["$priority", "$run_at", "/duration", "/name"]);
}

#[tokio::test]
async fn all_that_is_wrong_with_a_unique_key_is_named_at_once() {
    let unique = json!({"key": "", "period_ms": 0, "states": []});
    let found = wrong(json!({"args": {"name": ""}, "unique": unique})).await;
    let mut fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["$unique/key", "$unique/period_ms", "$unique/states", "/name"]);
}

#[tokio::test]
async fn dependencies_are_sorted_and_named_once_and_have_a_bound() {
    let after = |ids: &[u64]| ids.iter().map(|id| After::Job(JobId(*id))).collect::<Vec<_>>();
    let insert = prepared(NewJob { after: after(&[9, 2, 9]), ..demo(json!({})) }).await;
    assert_eq!(insert.after, [2, 9].map(|id| AfterInsert::Stored(JobId(id))));
    let many: Vec<u64> = (1..=10_001).collect();
    let job = NewJob { after: after(&many), ..demo(json!({})) };
    let error = registry().prepare(job, &test_files().files, NOW_MS).await.expect_err("too many");
    assert_eq!(error.fields[0].message, "after must name at most 10000 jobs");
}

#[tokio::test]
async fn unique_jobs_are_told_apart_by_what_they_do() {
    let key = |more: Value| async move {
        let insert = prepared(demo(more)).await;
        assert_eq!(insert.unique.as_ref().map(|unique| unique.key.clone()), insert.options.unique_key);
        insert.unique.expect("unique").key
    };
    assert_eq!(key(json!({"unique": {"key": "k"}})).await, "demo:k");
    let all = key(json!({"unique": {}})).await;
    assert!(all.starts_with("demo#") && all.len() == "demo#".len() + 64, "{all}");
    let with_default = json!({"unique": {}, "args": {"failure_chance": 0.05, "duration": 3, "name": "a"}});
    assert_eq!(key(with_default).await, all);
    assert_ne!(key(json!({"unique": {}, "args": {"name": "b"}})).await, all);
}

#[tokio::test]
async fn a_unique_job_says_when_another_stands_in_its_way() {
    let insert =
        prepared(demo(json!({"unique": {"period_ms": 60_000, "states": ["pending", "completed", "pending"],
        "on_conflict": "replace"}})))
        .await;
    let unique = insert.unique.expect("unique");
    assert_eq!((unique.period_ms, unique.on_conflict), (Some(60_000), OnConflict::Replace));
    assert_eq!(unique.states, [JobState::Pending, JobState::Completed]);
}
