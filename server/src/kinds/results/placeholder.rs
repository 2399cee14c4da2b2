//! What stands for a result: its form, and where in the arguments it is.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::is_pointer;
use taskyard_shared::reads_objects_only;

use crate::kinds::sentences::join;

const KEY: &str = "$result";
const FORM: &str = "\"$result\" must stand alone, and name a job: {\"$result\": {\"job\": 12, \"pointer\": \"/url\"}}, \
                    or \"ref\" in place of \"job\" for one that is added in the same call";

/// Whose result is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::kinds) enum Source {
    Job(JobId),
    Ref(String),
    /// The one at this place of those that the job comes after; counts from 0.
    After(usize),
}

reads_objects_only!(Written);

/// What stands for a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub source: Source,
    /// JSON Pointer into the result; empty for the whole.
    pub pointer: String,
}

#[derive(Deserialize)]
#[serde(remote = "Written", deny_unknown_fields)]
struct Written {
    job: Option<JobId>,
    #[serde(rename = "ref")]
    name: Option<String>,
    after: Option<usize>,
    #[serde(default)]
    pointer: String,
}

impl Placeholder {
    /// None: `value` is a value like any other.
    ///
    /// # Errors
    /// It is meant to be one, but is not in its form.
    pub fn read(value: &Value) -> Result<Option<Self>, String> {
        let Some(inner) = value.get(KEY) else { return Ok(None) };
        let alone = value.as_object().is_some_and(|object| object.len() == 1);
        let written = <Written as Deserialize>::deserialize(inner).ok().filter(|_| alone).ok_or(FORM)?;
        let source = match (written.job, written.name, written.after) {
            (Some(job), None, None) => Source::Job(job),
            (None, Some(name), None) => Source::Ref(name),
            (None, None, Some(place)) => Source::After(place),
            _ => return Err(FORM.to_owned()),
        };
        if !is_pointer(&written.pointer) {
            return Err("\"pointer\" must be a JSON Pointer: empty, or beginning with a slash".to_owned());
        }
        Ok(Some(Placeholder { source, pointer: written.pointer }))
    }

    fn write(self) -> Value {
        let mut inner = json!(self.source);
        if !self.pointer.is_empty() {
            inner["pointer"] = self.pointer.into();
        }
        json!({ KEY: inner })
    }
}

/// The places in arguments where a placeholder stands: JSON Pointers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::kinds) struct Places(pub HashSet<String>);

impl Places {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a placeholder stands at `pointer` or above it.
    pub fn covers(&self, pointer: &str) -> bool {
        let ends = pointer.match_indices('/').map(|(end, _)| end).chain([pointer.len()]);
        !self.is_empty() && ends.into_iter().any(|end| self.0.contains(&pointer[..end]))
    }
}

/// Finds every placeholder, has `resolve` say whose result it is, and writes that. Answers where they are; what is
/// wrong goes to `wrong`, with the places.
pub(in crate::kinds) fn settle(
    args: &mut Value,
    resolve: impl Fn(Source) -> Result<Source, String>,
    wrong: &mut Vec<FieldError>,
) -> Places {
    let mut places = Places::default();
    replace(args, &mut String::new(), &mut |placeholder, at| {
        places.0.insert(at.to_owned());
        let settled = placeholder.and_then(|Placeholder { source, pointer }| {
            resolve(source).map(|source| Placeholder { source, pointer })
        });
        match settled {
            Ok(placeholder) => Some(placeholder.write()),
            Err(message) => {
                wrong.push(FieldError { field: at.to_owned(), message });
                None
            }
        }
    });
    places
}

/// Asks `with` about every placeholder, or what is wrong with it, and its place; puts what it answers there.
pub(super) fn replace(
    value: &mut Value,
    at: &mut String,
    with: &mut impl FnMut(Result<Placeholder, String>, &str) -> Option<Value>,
) {
    match Placeholder::read(value).transpose() {
        Some(placeholder) => {
            if let Some(new) = with(placeholder, at) {
                *value = new;
            }
        }
        None => each_inside(value, at, |inner, at| replace(inner, at, with)),
    }
}

/// Goes one step down, with the place of what is there.
pub(super) fn each_inside(value: &mut Value, at: &mut String, mut each: impl FnMut(&mut Value, &mut String)) {
    let above = at.len();
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                *at = join(at, name);
                each(inner, at);
                at.truncate(above);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter_mut().enumerate() {
                *at = join(at, &index.to_string());
                each(inner, at);
                at.truncate(above);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(inner: Value) -> Result<Option<Placeholder>, String> {
        Placeholder::read(&json!({ "$result": inner }))
    }

    #[test]
    fn a_placeholder_names_one_job_and_a_part_of_its_result() {
        let is = |source, pointer: &str| Ok(Some(Placeholder { source, pointer: pointer.to_owned() }));
        assert_eq!(read(json!({"job": 12, "pointer": "/a~1b/0"})), is(Source::Job(JobId(12)), "/a~1b/0"));
        assert_eq!(read(json!({"ref": "x"})), is(Source::Ref("x".to_owned()), ""));
        assert_eq!(read(json!({"after": 0, "pointer": ""})), is(Source::After(0), ""));
        assert_eq!(Placeholder::read(&json!({"result": {"job": 1}})), Ok(None));
        assert_eq!(Placeholder::read(&json!("$result")), Ok(None));
    }

    #[test]
    fn what_is_meant_for_a_placeholder_but_is_none_is_refused() {
        for inner in [
            json!({}),
            json!(12),
            json!({"job": "12"}),
            json!({"job": 1, "ref": "x"}),
            json!({"after": -1}),
            json!({"job": 1, "at": "/url"}),
            json!([12]),
            json!([]),
        ] {
            assert_eq!(read(inner.clone()), Err(FORM.to_owned()), "{inner}");
        }
        assert_eq!(Placeholder::read(&json!({"$result": {"job": 1}, "or": 2})), Err(FORM.to_owned()));
        for pointer in ["url", "/a~", "/a~2"] {
            assert!(
                read(json!({"job": 1, "pointer": pointer})).is_err_and(|says| says.contains("JSON Pointer"))
            );
        }
    }

    #[test]
    fn settling_finds_them_all_and_writes_whose_they_are() {
        let mut args = json!({
            "a": {"$result": {"ref": "x", "pointer": "/u"}},
            "b": [1, {"$result": {"job": 3}}, {"c/d": {"$result": {"ref": "y"}}}],
        });
        let mut wrong = Vec::new();
        let places = settle(
            &mut args,
            |source| match source {
                Source::Ref(name) if name == "x" => Ok(Source::After(4)),
                Source::Ref(name) => Err(format!("who is {name}?")),
                other => Ok(other),
            },
            &mut wrong,
        );
        assert_eq!(args["a"], json!({"$result": {"after": 4, "pointer": "/u"}}));
        assert_eq!(args["b"][1], json!({"$result": {"job": 3}}));
        assert_eq!(wrong, [FieldError { field: "/b/2/c~1d".into(), message: "who is y?".into() }]);
        assert_eq!(places.0, ["/a", "/b/1", "/b/2/c~1d"].map(str::to_owned).into());
        for (pointer, is_covered) in
            [("/a", true), ("/a/b/c", true), ("", false), ("/ab", false), ("/b", false)]
        {
            assert_eq!(places.covers(pointer), is_covered, "{pointer}");
        }
    }
}
