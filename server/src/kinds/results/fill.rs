//! Putting the results in, when an attempt begins.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobId;

use super::file_refs::put_jobs;
use super::placeholder::{Placeholder, Places, Source, replace};
use crate::kinds::job_error::JobError;
use crate::kinds::json_size::Budget;
use crate::kinds::registry::KindRegistry;
use crate::kinds::schema::complaints;
use crate::store::ClaimedJob;

/// Most that all results in one job's arguments may take together, in bytes of JSON.
const MAX_FILLED_BYTES: usize = 16 * 1024 * 1024;

impl KindRegistry {
    /// The arguments that an attempt begins with: those that are stored, with the results of earlier jobs put in.
    ///
    /// # Errors
    /// A result is missing or does not fit. Another attempt would find the same, so the job has failed.
    pub(crate) fn args_of<'a>(&self, claimed: &'a ClaimedJob) -> Result<Cow<'a, str>, JobError> {
        if claimed.results.is_empty() {
            return Ok(Cow::Borrowed(&claimed.args));
        }
        let filled = fill(&claimed.args, &claimed.results)
            .and_then(|args| self.with_files(claimed, args))
            .and_then(|args| self.fitting(&claimed.job.kind, args));
        match filled {
            Ok(args) => Ok(Cow::Owned(args.to_string())),
            Err(message) => Err(JobError::new(message).do_not_retry()),
        }
    }

    fn with_files(&self, claimed: &ClaimedJob, mut args: Value) -> Result<Value, String> {
        if let Some(kind) = self.kinds.get(claimed.job.kind.as_str()) {
            let after: Vec<JobId> = claimed.results.iter().map(|(id, _)| *id).collect();
            put_jobs(&mut args, &kind.worker.info().args_schema, &after)?;
        }
        Ok(args)
    }

    fn fitting(&self, kind: &str, args: Value) -> Result<Value, String> {
        // A kind without a worker is somebody else's to complain about.
        let Some(kind) = self.kinds.get(kind) else { return Ok(args) };
        let wrong = complaints(&kind.validator, &kind.worker.info().args_schema, &args, &Places::default());
        let wrong = match kind.worker.read(args.clone()) {
            Ok(read) if wrong.is_empty() => read.complaints,
            Err(message) if wrong.is_empty() => vec![FieldError { field: String::new(), message }],
            _ => wrong,
        };
        if wrong.is_empty() {
            return Ok(args);
        }
        let sentences: Vec<String> = wrong.into_iter().map(|field| field.message).collect();
        Err(format!("with the results of earlier jobs its arguments are wrong: {}", sentences.join("; ")))
    }
}

/// Puts `results`, those of the jobs that this one comes after in their order, where `args` wants them.
fn fill(args: &str, results: &[(JobId, Option<String>)]) -> Result<Value, String> {
    let mut args: Value =
        serde_json::from_str(args).map_err(|error| format!("its arguments are damaged: {error}"))?;
    let mut results = Results::new(results);
    let mut wrong = None;
    replace(&mut args, &mut String::new(), &mut |placeholder, at| {
        if wrong.is_some() {
            return None;
        }
        let found = placeholder.and_then(|placeholder| results.find(&placeholder));
        found.map_err(|message| wrong = Some(format!("{}: {message}", at.trim_start_matches('/')))).ok()
    });
    wrong.map_or(Ok(args), Err)
}

/// Results that are read when they are first asked for.
struct Results<'a> {
    stored: &'a [(JobId, Option<String>)],
    place_of: HashMap<JobId, usize>,
    read: HashMap<usize, Value>,
    budget: Budget,
}

impl<'a> Results<'a> {
    fn new(stored: &'a [(JobId, Option<String>)]) -> Self {
        let place_of = stored.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        Results { stored, place_of, read: HashMap::new(), budget: Budget(MAX_FILLED_BYTES) }
    }

    fn find(&mut self, placeholder: &Placeholder) -> Result<Value, String> {
        let place = match &placeholder.source {
            Source::After(place) => *place,
            Source::Job(id) => {
                *self.place_of.get(id).ok_or_else(|| format!("it does not come after job {id}"))?
            }
            Source::Ref(name) => return Err(format!("nobody knows any more which job \"{name}\" is")),
        };
        let (id, stored) = self
            .stored
            .get(place)
            .ok_or_else(|| format!("it comes after {} jobs only", self.stored.len()))?;
        let stored = stored
            .as_ref()
            .ok_or_else(|| format!("job {id} has no result: it did not complete, or was deleted"))?;
        let result = match self.read.entry(place) {
            std::collections::hash_map::Entry::Occupied(read) => read.into_mut(),
            std::collections::hash_map::Entry::Vacant(read) => {
                let result = serde_json::from_str(stored);
                read.insert(result.map_err(|error| format!("the result of job {id} is damaged: {error}"))?)
            }
        };
        let pointer = &placeholder.pointer;
        let part = result.pointer(pointer);
        let part = part.ok_or_else(|| format!("the result of job {id} has nothing at \"{pointer}\""))?;
        if !self.budget.takes(part) {
            let most = MAX_FILLED_BYTES / (1024 * 1024);
            return Err(format!("the results of earlier jobs take more than {most} MiB in its arguments"));
        }
        Ok(part.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(args: Value, results: &[(u64, Option<Value>)]) -> Result<Value, String> {
        let results: Vec<(JobId, Option<String>)> =
            results.iter().map(|(id, result)| (JobId(*id), result.as_ref().map(Value::to_string))).collect();
        fill(&args.to_string(), &results)
    }

    fn wants(inner: Value) -> Value {
        json!({ "url": { "$result": inner } })
    }

    #[test]
    fn results_are_found_by_number_and_by_place() {
        let results = [(4, Some(json!({"u": ["x", "y"]}))), (9, Some(json!(7))), (2, None)];
        let args = json!({
            "whole": {"$result": {"after": 1}},
            "part": [{"$result": {"job": 4, "pointer": "/u/1"}}, {"$result": {"after": 0, "pointer": "/u"}}],
            "own": 1,
        });
        let expected = json!({"whole": 7, "part": ["y", ["x", "y"]], "own": 1});
        assert_eq!(filled(args, &results), Ok(expected));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let results = [(4, Some(json!({"u": 1}))), (2, None)];
        let table = [
            (json!({"job": 2}), "url: job 2 has no result: it did not complete, or was deleted"),
            (json!({"job": 4, "pointer": "/x"}), "url: the result of job 4 has nothing at \"/x\""),
            (json!({"job": 5}), "url: it does not come after job 5"),
            (json!({"after": 2}), "url: it comes after 2 jobs only"),
            (json!({"ref": "a"}), "url: nobody knows any more which job \"a\" is"),
        ];
        for (inner, says) in table {
            assert_eq!(filled(wants(inner), &results), Err(says.to_owned()));
        }
    }

    #[test]
    fn what_a_result_holds_is_not_taken_for_a_placeholder() {
        let results = [(4, Some(json!({"$result": {"job": 4}})))];
        assert_eq!(filled(wants(json!({"job": 4})), &results), Ok(json!({"url": {"$result": {"job": 4}}})));
    }

    #[test]
    fn results_that_are_wanted_many_times_have_a_bound() {
        let results = [(4, Some(json!("x".repeat(1024 * 1024))))];
        let wanted = |times| json!(vec![json!({"$result": {"job": 4}}); times]);
        assert!(filled(wanted(15), &results).is_ok());
        assert!(filled(wanted(16), &results).is_err_and(|says| says.contains("more than 16 MiB")));
    }
}
