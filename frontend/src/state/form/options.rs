//! How a new job is to be run: the fields that every kind has in common, and what they make of the job. What is
//! left empty is not sent.

use serde_json::{Map, Value};
use taskyard_shared::error::FieldError;
use taskyard_shared::limits::{MAX_ATTEMPTS, MAX_DELAY_MS, MAX_KEY_BYTES, MAX_PRIORITY, MIN_TIMEOUT_MS};
use taskyard_shared::new_job::{NewJob, OnConflict, Unique};

use super::build::{Values, build, error_for};
use super::model::{Field, Input};

/// The field's place among the members of a new job, as the server's errors name it.
pub const RUN_AT: &str = "/run_at";
const DELAY: &str = "/delay_ms";
const CACHE_FOR: &str = "/cache_for_ms";
const UNIQUE: &str = "/unique";

const CONFLICTS: [(OnConflict, &str); 3] = [
    (OnConflict::Reject, "Refuse this one"),
    (OnConflict::Existing, "Keep the earlier one, without an error"),
    (OnConflict::Replace, "Give the earlier one these arguments"),
];

pub fn fields() -> Vec<Field> {
    let seconds = |min: f64| number(false, min, MAX_DELAY_MS as f64 / 1000.0);
    let conflicts = CONFLICTS.map(|(_, label)| Value::from(label)).to_vec();
    let key = Input::Text { min_chars: 0, max_chars: Some(MAX_KEY_BYTES as u64), long: false };
    let priority = number(true, -f64::from(MAX_PRIORITY), f64::from(MAX_PRIORITY));
    vec![
        option(RUN_AT, "Run at", "In your time zone.", Input::Moment),
        option(DELAY, "Delay (seconds)", "", seconds(0.0)),
        option("/priority", "Priority", "Higher runs first; 0 is usual.", priority),
        option("/max_attempts", "Most attempts", "", number(true, 1.0, f64::from(MAX_ATTEMPTS))),
        option(
            "/timeout_ms",
            "Time-out of an attempt (seconds)",
            "",
            seconds(MIN_TIMEOUT_MS as f64 / 1000.0),
        ),
        option(
            CACHE_FOR,
            "Take an earlier result",
            "Of a job of this kind with the same arguments, if it ended no longer ago than this; 0 s: never.",
            Input::Span { min_ms: 0, max_ms: MAX_DELAY_MS },
        ),
        option("/unique/key", "Unique key", "There is to be one unfinished job with this key.", key),
        option(
            "/unique/on_conflict",
            "If there is one already",
            "Without a key: one of this kind with these arguments.",
            Input::Choice(conflicts),
        ),
    ]
}

fn number(integer: bool, min: f64, max: f64) -> Input {
    Input::Number { integer, min: Some(min), max: Some(max), step: None }
}

fn option(pointer: &str, label: &str, description: &str, input: Input) -> Field {
    Field { name: pointer.to_owned(), ..Field::new(pointer, label, description, input) }
}

/// Sets on the job what was typed. `to_utc` turns local time as its control has it into RFC 3339 in UTC.
pub fn apply(
    values: &Values,
    to_utc: fn(&str) -> Option<String>,
    job: &mut NewJob,
) -> Result<(), Vec<FieldError>> {
    let built = build(&fields(), values)?;
    let given = built.as_object().cloned().unwrap_or_default();
    if given.contains_key(RUN_AT) && given.contains_key(DELAY) {
        return Err(vec![error(DELAY, "Either a time or a delay, not both.")]);
    }
    if let Some(local) = given.get(RUN_AT).and_then(Value::as_str) {
        let utc = to_utc(local).ok_or_else(|| vec![error(RUN_AT, "A day and a time, please.")])?;
        job.run_at = Some(utc);
    }
    job.delay_ms = ms(&given, DELAY);
    job.timeout_ms = ms(&given, "/timeout_ms");
    job.cache_for_ms = given.get(CACHE_FOR).and_then(Value::as_u64);
    job.priority = whole(&given, "/priority").and_then(|number| i16::try_from(number).ok()).unwrap_or(0);
    job.max_attempts = whole(&given, "/max_attempts").and_then(|number| u32::try_from(number).ok());
    job.unique = unique(&given);
    Ok(())
}

fn error(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: message.to_owned() }
}

/// Typed in seconds.
fn ms(given: &Map<String, Value>, field: &str) -> Option<u64> {
    given.get(field).and_then(Value::as_f64).map(|seconds| (seconds * 1000.0).round() as u64)
}

fn whole(given: &Map<String, Value>, field: &str) -> Option<i64> {
    given.get(field).and_then(Value::as_i64)
}

fn unique(given: &Map<String, Value>) -> Option<Unique> {
    let key = given.get("/unique/key").and_then(Value::as_str).map(str::to_owned);
    let label = given.get("/unique/on_conflict").and_then(Value::as_str);
    let chosen = CONFLICTS.into_iter().find(|conflict| Some(conflict.1) == label).map(|conflict| conflict.0);
    if key.is_none() && chosen.is_none() {
        return None;
    }
    Some(Unique { key, period_ms: None, states: None, on_conflict: chosen.unwrap_or_default() })
}

/// The error as one of an option, if it names one. The arguments' own fields go first: they may have its name.
pub fn claim(error: &FieldError) -> Option<FieldError> {
    let mut field = format!("/{}", error.field.trim_start_matches(['/', '$']));
    if field == UNIQUE {
        field.push_str("/key");
    }
    let claimed = FieldError { field, message: error.message.clone() };
    let errors = [claimed.clone()];
    fields().iter().any(|field| error_for(&errors, field).is_some()).then_some(claimed)
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
