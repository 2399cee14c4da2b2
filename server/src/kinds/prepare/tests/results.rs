//! Arguments that take up results of earlier jobs.

use serde_json::{Value, json};
use taskyard_shared::error::WireError;
use taskyard_shared::job::{JobId, JobOptions, JobSummary};
use taskyard_shared::new_job::{AddMode, After, NewJob, NewJobs, Unique};

use crate::kinds::tests::{NOW_MS, registry, test_files};
use crate::store::{AfterFailure, AttemptEnd, ClaimedJob, JobInsert};

async fn prepare(kind: &str, args: Value) -> Result<JobInsert, WireError> {
    let job = NewJob { after: vec![After::Job(JobId(7))], ..NewJob::new(kind, args) };
    registry().prepare(job, &test_files().files, NOW_MS).await
}

async fn wrong(kind: &str, args: Value) -> Vec<(String, String)> {
    let error = prepare(kind, args).await.expect_err("refused");
    error.fields.into_iter().map(|field| (field.field, field.message)).collect()
}

fn result(pointer: &str) -> Value {
    json!({ "$result": { "job": 7, "pointer": pointer } })
}

#[tokio::test]
async fn a_job_that_takes_up_a_result_is_stored_as_it_was_written() {
    let insert = prepare("http", json!({"url": result("/url")})).await.expect("accepted");
    assert!(insert.takes_results);
    let args: Value = serde_json::from_str(&insert.args).expect("JSON");
    assert_eq!(args, json!({"url": {"$result": {"job": 7, "pointer": "/url"}}}));
}

#[tokio::test]
async fn its_label_shows_what_is_not_known() {
    let insert = prepare("http", json!({"url": result("/url"), "method": "PUT"})).await.expect("accepted");
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("…", "PUT"));
    let insert = prepare("demo", json!({"name": "Later", "duration": result("/s")})).await.expect("accepted");
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("Later", "…"));
    let insert =
        prepare("http", json!({"url": "http://example.org", "headers": result("")})).await.expect("accepted");
    assert_eq!((insert.name.as_str(), insert.detail.as_str()), ("http://example.org", "…"));
}

#[tokio::test]
async fn what_is_known_of_the_arguments_is_checked() {
    let found = wrong("demo", json!({"name": result(""), "duration": 0, "speed": result("")})).await;
    let unknown = "there is no argument \"speed\"; there are duration, failure_chance, name";
    let mut expected = vec![
        ("/duration".to_owned(), "duration must be 1 to 30".to_owned()),
        ("/speed".to_owned(), unknown.to_owned()),
    ];
    expected.sort_unstable();
    let mut found = found;
    found.sort_unstable();
    assert_eq!(found, expected);
    let headers = json!({"url": result(""), "headers": {"Host": "x", "X-A": result("")}});
    assert_eq!(
        wrong("http", headers).await,
        [("/headers/Host".into(), "host is set by the server itself".into())]
    );
}

#[tokio::test]
async fn a_result_is_had_only_of_a_job_that_is_waited_for() {
    let found = wrong("http", json!({"url": {"$result": {"job": 8}}})).await;
    assert!(found[0].0 == "/url" && found[0].1.contains("must come after"), "{found:?}");
    let found = wrong("http", json!({"url": {"$result": {"jobs": 7}}})).await;
    assert!(found[0].0 == "/url" && found[0].1.contains("must stand alone, and name a job"), "{found:?}");
}

#[tokio::test]
async fn an_upload_is_looked_for_if_it_is_named_already() {
    let test = test_files();
    let source = test.files.put("x", "image/png", b"\x89PNG\r\n\x1a\n").expect("stored").sha256;
    let prepare = |args| {
        let job = NewJob { after: vec![After::Job(JobId(7))], ..NewJob::new("image", args) };
        let files = test.files.clone();
        async move { registry().prepare(job, &files, NOW_MS).await.expect("accepted") }
    };
    let known = prepare(json!({"source": source, "name": result("/name")})).await;
    assert_eq!(
        (known.inputs[0].sha256.as_str(), known.inputs[0].name.as_str()),
        (source.as_str(), "upload.png")
    );
    assert!(prepare(json!({"source": result("/copies/0/sha256")})).await.inputs.is_empty());
}

#[tokio::test]
async fn a_job_that_takes_up_a_result_replaces_no_other() {
    let unique = json!({"key": "k", "on_conflict": "replace"});
    let unique = serde_json::from_value(unique).expect("unique");
    let after = vec![After::Job(JobId(7))];
    let job = NewJob { unique, after, ..NewJob::new("http", json!({"url": result("")})) };
    let error = registry().prepare(job, &test_files().files, NOW_MS).await.expect_err("refused");
    assert_eq!(error.fields[0].field, "$unique/on_conflict");
}

#[tokio::test]
async fn a_job_that_comes_after_others_replaces_none() {
    let unique = json!({"key": "k", "on_conflict": "replace"});
    let unique: Option<Unique> = serde_json::from_value(unique).expect("unique");
    let noop = |unique| NewJob { unique, ..NewJob::new("noop", json!({})) };
    let after = NewJob { after: vec![After::Job(JobId(7))], ..noop(unique.clone()) };
    let error = registry().prepare(after, &test_files().files, NOW_MS).await.expect_err("refused");
    assert_eq!(error.fields[0].message, "on_conflict cannot be replace for a job that comes after others");
    let call = |chain, then| NewJobs {
        jobs: vec![noop(None), noop(unique.clone().filter(|_| chain))],
        mode: AddMode::AllOrNothing,
        batch: None,
        then,
        chain,
    };
    for call in [call(true, None), call(false, Some(Box::new(noop(unique.clone()))))] {
        let prepared = registry().prepare_all(call, &test_files().files, NOW_MS).await.expect("well formed");
        assert!(prepared.jobs.is_empty());
    }
}

/// The arguments that an attempt of a `demo` job begins with when job 7 came to `result`.
fn begun(args: &Value, result: Option<Value>) -> Result<Value, AttemptEnd> {
    let job = json!({"id": 8, "kind": "demo", "queue": "demo", "name": "", "detail": "", "state": "processing",
        "progress": 0, "attempt": 1, "failures": 0, "max_attempts": 3, "created_at_ms": 0, "started_at_ms": 0,
        "finished_at_ms": null, "error": null});
    let job: JobSummary = serde_json::from_value(job).expect("a job");
    let claimed = ClaimedJob {
        job: job.into(),
        args: args.to_string(),
        inputs: Vec::new(),
        options: JobOptions::default(),
        results: vec![(JobId(7), result.map(|result| result.to_string()))],
        is_limited: false,
    };
    let begun = registry().args_of(&claimed).map(|args| serde_json::from_str(&args).expect("JSON"));
    begun.map_err(|error| error.into_end(0))
}

#[test]
fn an_attempt_begins_with_the_results_filled_in() {
    let args = json!({"name": result("/titles/0"), "duration": 2});
    assert_eq!(begun(&args, Some(json!({"titles": ["x"]}))), Ok(json!({"name": "x", "duration": 2})));
}

#[test]
fn an_attempt_whose_results_are_missing_or_do_not_fit_fails_for_good() {
    let fails = |error: &str| Err(AttemptEnd::Failed { error: error.to_owned(), then: AfterFailure::Final });
    let args = json!({"name": result("/titles/0")});
    assert_eq!(begun(&args, None), fails("name: job 7 has no result: it did not complete, or was deleted"));
    assert_eq!(
        begun(&args, Some(json!({}))),
        fails("name: the result of job 7 has nothing at \"/titles/0\"")
    );
    let wrong = "with the results of earlier jobs its arguments are wrong: ";
    let number = begun(&args, Some(json!({"titles": [5]})));
    assert_eq!(number, fails(&format!("{wrong}name must be text")));
    let blank = begun(&args, Some(json!({"titles": [" "]})));
    assert_eq!(blank, fails(&format!("{wrong}name must not be empty")));
}
