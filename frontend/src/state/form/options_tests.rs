//! Options: what they make of a new job, and where their errors are shown.

use serde_json::json;
use taskyard_shared::error::FieldError;
use taskyard_shared::new_job::{NewJob, OnConflict};

use super::super::build::initial;
use super::*;

fn to_utc(local: &str) -> Option<String> {
    (local.len() == 16).then(|| format!("{local}:00.000Z"))
}

fn applied(typed: &[(&str, &str)]) -> Result<NewJob, Vec<FieldError>> {
    let mut values = initial(&fields());
    values.extend(typed.iter().map(|(pointer, typed)| ((*pointer).to_owned(), (*typed).to_owned())));
    let mut job = NewJob::new("demo", json!({}));
    apply(&values, to_utc, &mut job).map(|()| job)
}

#[test]
fn options_left_empty_are_not_sent() {
    let job = applied(&[]).expect("nothing is wrong");
    assert_eq!(serde_json::to_value(&job).ok(), Some(json!({ "kind": "demo", "args": {} })));
}

#[test]
fn filled_options_reach_the_job_in_its_units() {
    let job = applied(&[
        ("/delay_ms", "1,5"),
        ("/priority", "-3"),
        ("/max_attempts", "7"),
        ("/timeout_ms", "30"),
        ("/cache_for_ms", "1 h 30 min"),
        ("/unique/key", "mail"),
    ])
    .expect("nothing is wrong");
    assert_eq!((job.delay_ms, job.priority, job.max_attempts), (Some(1_500), -3, Some(7)));
    assert_eq!((job.timeout_ms, job.cache_for_ms), (Some(30_000), Some(5_400_000)));
    let unique = job.unique.expect("it is unique");
    assert_eq!((unique.key.as_deref(), unique.on_conflict), (Some("mail"), OnConflict::Reject));
    assert_eq!(unique.states, None, "the server knows which states are meant");
}

#[test]
fn choice_alone_makes_the_arguments_the_key() {
    let job = applied(&[("/unique/on_conflict", "1")]).expect("nothing is wrong");
    let unique = job.unique.map(|unique| (unique.key, unique.on_conflict));
    assert_eq!(unique, Some((None, OnConflict::Existing)));
}

#[test]
fn local_time_is_sent_in_utc() {
    let job = applied(&[("/run_at", "2027-01-31T09:00")]).expect("nothing is wrong");
    assert_eq!(job.run_at.as_deref(), Some("2027-01-31T09:00:00.000Z"));
}

#[test]
fn bad_options_are_errors_at_their_fields() {
    for (typed, field) in [
        (&[("/run_at", "soon")][..], "/run_at"),
        (&[("/run_at", "2027-01-31T09:00"), ("/delay_ms", "5")][..], "/delay_ms"),
        (&[("/priority", "101")][..], "/priority"),
        (&[("/max_attempts", "0")][..], "/max_attempts"),
        (&[("/timeout_ms", "x")][..], "/timeout_ms"),
        (&[("/cache_for_ms", "10")][..], "/cache_for_ms"),
    ] {
        let errors = applied(typed).expect_err("it is wrong");
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
}

#[test]
fn errors_of_the_server_find_the_option_that_they_name() {
    let claimed = |field: &str| claim(&error(field, "no")).map(|error| error.field);
    assert_eq!(claimed("/priority").as_deref(), Some("/priority"));
    assert_eq!(claimed("$run_at").as_deref(), Some("/run_at"));
    assert_eq!(claimed("/unique").as_deref(), Some("/unique/key"));
    assert_eq!(claimed("/duration"), None);
    assert_eq!(claimed(""), None);
}
