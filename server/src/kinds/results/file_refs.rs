//! Artifacts of the jobs that a job comes after, where its arguments name files: see [`crate::kinds::FileArg`].

use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobId;

use super::placeholder::{Source, each_inside};
use super::stand_in::part_of;

/// Has `resolve` say whose artifact each file is that is named by `ref` or by place, and writes that. Answers whether
/// there are any that [`put_jobs`] must look at when an attempt begins; what is wrong goes to `wrong`.
pub(in crate::kinds) fn settle_files(
    args: &mut Value,
    schema: &Value,
    resolve: impl Fn(Source) -> Result<Source, String>,
    wrong: &mut Vec<FieldError>,
) -> bool {
    let mut by_place = false;
    each_file(args, &mut String::new(), schema, &mut |file, at| {
        let Some(source) = source_of(file) else { return };
        match resolve(source) {
            Ok(source) => {
                by_place |= matches!(source, Source::After(_));
                write(file, &source);
            }
            Err(message) => wrong.push(FieldError { field: at.to_owned(), message }),
        }
    });
    by_place
}

/// Puts the numbers of jobs where there are places; `after` are the jobs that this one comes after, in their order.
///
/// # Errors
/// A place that none of them has, in a sentence.
pub(super) fn put_jobs(args: &mut Value, schema: &Value, after: &[JobId]) -> Result<(), String> {
    let mut wrong = None;
    each_file(args, &mut String::new(), schema, &mut |file, at| {
        let Some(Source::After(place)) = source_of(file) else { return };
        match after.get(place) {
            Some(id) => write(file, &Source::Job(*id)),
            None => {
                let at = at.trim_start_matches('/');
                wrong = Some(format!("{at}: it comes after {} jobs only", after.len()));
            }
        }
    });
    wrong.map_or(Ok(()), Err)
}

/// None: the file is named in another way, or in a wrong one, which is for its kind to say.
fn source_of(file: &Value) -> Option<Source> {
    match (file.get("ref"), file.get("after")) {
        (Some(name), None) => Some(Source::Ref(name.as_str()?.to_owned())),
        (None, Some(place)) => Some(Source::After(usize::try_from(place.as_u64()?).ok()?)),
        _ => None,
    }
}

fn write(file: &mut Value, source: &Source) {
    let Some(file) = file.as_object_mut() else { return };
    file.remove("ref");
    file.remove("after");
    match source {
        Source::Job(id) => file.insert("job".to_owned(), id.0.into()),
        Source::After(place) => file.insert("after".to_owned(), (*place).into()),
        Source::Ref(name) => file.insert("ref".to_owned(), name.as_str().into()),
    };
}

fn each_file(value: &mut Value, at: &mut String, schema: &Value, with: &mut impl FnMut(&mut Value, &str)) {
    if value.is_object() && part_of(schema, at)["format"] == "file" {
        with(value, at);
    } else {
        each_inside(value, at, |inner, at| each_file(inner, at, schema, with));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::FileArg;
    use crate::kinds::schema::schema_of;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Args {
        /// The files.
        files: Vec<FileArg>,
        cover: FileArg,
        other: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn files_of_jobs_in_the_same_call_are_found_by_the_schema() {
        let mut args = json!({
            "files": [{"ref": "a", "name": "x"}, {"job": 3, "name": "y"}, {"after": 0, "name": "z"}],
            "cover": {"ref": "b", "name": "c"},
            "other": {"ref": "not a file"},
        });
        let mut wrong = Vec::new();
        let resolve = |source| match source {
            Source::Ref(name) if name == "a" => Ok(Source::After(1)),
            Source::After(0) => Ok(Source::Job(JobId(9))),
            _ => Err("unknown".to_owned()),
        };
        assert!(settle_files(&mut args, &schema_of::<Args>(), resolve, &mut wrong));
        assert_eq!(wrong, [FieldError { field: "/cover".to_owned(), message: "unknown".to_owned() }]);
        let files = json!([{"after": 1, "name": "x"}, {"job": 3, "name": "y"}, {"job": 9, "name": "z"}]);
        assert_eq!(args["files"], files);
        assert_eq!(args["other"], json!({"ref": "not a file"}));

        put_jobs(&mut args, &schema_of::<Args>(), &[JobId(4), JobId(5)]).expect("both places are there");
        assert_eq!(args["files"][0], json!({"job": 5, "name": "x"}));
        args["files"] = json!([{"after": 2, "name": "x"}]);
        let says = put_jobs(&mut args, &schema_of::<Args>(), &[JobId(4), JobId(5)]);
        assert_eq!(says, Err("files/0: it comes after 2 jobs only".to_owned()));
    }
}
