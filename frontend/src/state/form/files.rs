//! The files of one field: uploads that are made, under way or broken off, and files of other jobs; and the arguments
//! that they come to.

use serde_json::{Value, json};

use super::model::Shape;
use crate::format;

/// In a form's values: what stands where there is no file (yet), a sentence that says why.
const MISSING: &str = "$missing";
/// In a form's values: an argument that stands for the whole list, such as the result of an earlier job.
const WHOLE: &str = "$whole";

/// Tells the files of one control apart. No key comes twice: an upload that ends late must not find another's entry.
#[derive(Debug, Default)]
pub struct Keys(u32);

impl Keys {
    pub fn fresh(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

/// One file of the list that a person sees.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Tells it from the others of its list.
    pub key: u32,
    pub name: String,
    pub is: Is,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Is {
    Waiting,
    /// In percent.
    Sending(u8),
    /// There is no such file; a sentence says why.
    Failed(String),
    /// What a job is told, and what a person wants to know of it: its size, or whose it is.
    Ready {
        arg: Value,
        about: String,
    },
}

impl Entry {
    pub fn of_upload(key: u32, name: String, sha256: &str, about: String) -> Self {
        let arg = json!({ "upload": sha256, "name": name });
        Entry { key, name, is: Is::Ready { arg, about } }
    }

    /// The file called `name` that a job made, or will have made.
    pub fn of_job(key: u32, job: u64, name: String) -> Self {
        Entry::of_arg(key, json!({ "job": job, "name": name }))
    }

    fn of_arg(key: u32, arg: Value) -> Self {
        let text = |member: &str| arg.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        let upload = || Some(format!("upload {}", text("upload")?.chars().take(8).collect::<String>()));
        let json = || arg.get(WHOLE).or_else(|| arg.get("upload")).unwrap_or(&arg).to_string();
        let name = text("name").map(str::to_owned).or_else(upload).unwrap_or_else(json);
        let about = arg.get("job").map_or_else(String::new, |job| format!("of job {job}"));
        Entry { key, name, is: Is::Ready { arg, about } }
    }
}

/// As the form's values have it: a JSON list of arguments.
pub fn text(entries: &[Entry]) -> String {
    let missing = |name: &str, why: &str| json!({ MISSING: format!("{name} {why}") });
    let value = |entry: &Entry| match &entry.is {
        Is::Waiting | Is::Sending(_) => missing(&entry.name, "is still on its way."),
        Is::Failed(_) => missing(&entry.name, "was not uploaded: try again, or remove it."),
        Is::Ready { arg, .. } => arg.clone(),
    };
    if entries.is_empty() { String::new() } else { Value::from_iter(entries.iter().map(value)).to_string() }
}

/// The way back, without what was never there.
pub fn entries(text: &str, keys: &mut Keys) -> Vec<Entry> {
    let args = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    let there = args.into_iter().filter(|arg| arg.get(MISSING).is_none());
    there.map(|arg| Entry::of_arg(keys.fresh(), arg)).collect()
}

/// What an argument is in the form's values.
pub fn typed(shape: &Shape, value: &Value) -> String {
    match (shape, value) {
        (Shape::Upload { .. }, sha256) => json!([{ "upload": sha256 }]).to_string(),
        (Shape::One, file) => json!([file]).to_string(),
        (Shape::List, files @ Value::Array(_)) => files.to_string(),
        (Shape::List, whole) => json!([{ WHOLE: whole }]).to_string(),
    }
}

/// The argument, or what is wrong with it. `text` has one file at least.
pub fn value(shape: &Shape, min: u64, max: u64, text: &str) -> Result<Value, String> {
    let mut files = serde_json::from_str::<Vec<Value>>(text).unwrap_or_default();
    if let Some(sentence) = files.iter().find_map(|file| file.get(MISSING)?.as_str()) {
        return Err(sentence.to_owned());
    }
    let whole = files.iter_mut().find_map(|file| Some(file.get_mut(WHOLE)?.take()));
    match (whole, files.len() as u64) {
        (Some(whole), 1) => return Ok(whole),
        (Some(whole), _) => {
            return Err(format!("{whole} stands for the whole list: remove it, or the others."));
        }
        (None, count) if count < min => return Err(format!("At least {}.", counted(min))),
        (None, count) if count > max => return Err(format!("At most {}; these are {count}.", counted(max))),
        _ => {}
    }
    Ok(match shape {
        Shape::List => Value::Array(files),
        Shape::One => files.swap_remove(0),
        Shape::Upload { .. } => files[0]["upload"].take(),
    })
}

pub fn counted(files: u64) -> String {
    format::counted(files, "file", "files")
}

/// The name, or one like it that no other entry has: `photo-2.jpg`. Two files of one job cannot have the same.
pub fn free_name(entries: &[Entry], name: &str) -> String {
    let is_free = |name: &str| entries.iter().all(|entry| entry.name != name);
    let (stem, ending) = name.rfind('.').filter(|dot| *dot > 0).map_or((name, ""), |dot| name.split_at(dot));
    let numbered = (2..).map(|number| format!("{stem}-{number}{ending}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| is_free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Shape = Shape::List;

    fn uploaded(key: u32, name: &str) -> Entry {
        Entry::of_upload(key, name.to_owned(), "ab", "3 B".to_owned())
    }

    #[test]
    fn files_become_arguments_in_their_order() {
        let entries = [uploaded(1, "b.png"), Entry::of_job(0, 12, "a.png".to_owned())];
        let list = json!([{ "upload": "ab", "name": "b.png" }, { "job": 12, "name": "a.png" }]);
        assert_eq!(value(&LIST, 1, 9, &text(&entries)), Ok(list.clone()));
        assert_eq!(value(&Shape::One, 1, 1, &text(&entries[..1])), Ok(list[0].clone()));
        assert_eq!(value(&Shape::Upload { named: None }, 1, 1, &text(&entries[..1])), Ok(json!("ab")));
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn what_is_not_there_yet_keeps_the_form_from_being_sent() {
        for (is, says) in [
            (Is::Waiting, "a.png is still on its way."),
            (Is::Sending(99), "a.png is still on its way."),
            (Is::Failed("Too large.".into()), "a.png was not uploaded: try again, or remove it."),
        ] {
            let entries = [uploaded(0, "b.png"), Entry { key: 1, name: "a.png".into(), is }];
            assert_eq!(value(&LIST, 1, 9, &text(&entries)), Err(says.to_owned()));
        }
    }

    #[test]
    fn too_many_and_too_few_are_counted() {
        let two = text(&[uploaded(0, "a"), uploaded(1, "b")]);
        assert_eq!(value(&LIST, 1, 1, &two), Err("At most 1 file; these are 2.".to_owned()));
        assert_eq!(value(&LIST, 3, 9, &two), Err("At least 3 files.".to_owned()));
        assert_eq!(value(&LIST, 1, 9, "[]"), Err("At least 1 file.".to_owned()));
    }

    #[test]
    fn arguments_that_are_there_are_shown_again_and_stay_as_they_are() {
        let sum = "9f86d081aa";
        let result = json!({ "$result": { "after": 0 } });
        for (shape, arg, name, about) in [
            (Shape::Upload { named: None }, json!(sum), "upload 9f86d081", ""),
            (Shape::One, json!({ "job": 3, "name": "a" }), "a", "of job 3"),
            (LIST, json!([{ "after": 0, "name": "b" }]), "b", ""),
            (LIST, json!(["b"]), "\"b\"", ""),
            (Shape::Upload { named: None }, result.clone(), r#"{"$result":{"after":0}}"#, ""),
            (Shape::One, result.clone(), r#"{"$result":{"after":0}}"#, ""),
            (LIST, result.clone(), r#"{"$result":{"after":0}}"#, ""),
        ] {
            let shown = entries(&typed(&shape, &arg), &mut Keys::default());
            let Is::Ready { about: told, .. } = &shown[0].is else { panic!("{shown:?}") };
            assert_eq!((shown[0].name.as_str(), told.as_str()), (name, about));
            assert_eq!(value(&shape, 1, 1, &text(&shown)), Ok(arg));
        }
    }

    #[test]
    fn whole_list_has_no_files_beside_it() {
        let mut shown = entries(&typed(&LIST, &json!({ "$result": 1 })), &mut Keys::default());
        shown.push(uploaded(7, "a.png"));
        let says = r#"{"$result":1} stands for the whole list: remove it, or the others."#;
        assert_eq!(value(&LIST, 1, 9, &text(&shown)), Err(says.to_owned()));
    }

    #[test]
    fn no_key_comes_twice_also_after_a_reset() {
        let mut keys = Keys::default();
        let there = typed(&LIST, &json!([{ "job": 1, "name": "a" }, { "job": 1, "name": "b" }]));
        let before = entries(&there, &mut keys);
        let removed = keys.fresh();
        let after = entries(&there, &mut keys);
        let given: Vec<u32> =
            before.iter().chain(&after).map(|entry| entry.key).chain([removed, keys.fresh()]).collect();
        let is_new = |(at, key): (usize, &u32)| !given[..at].contains(key);
        assert!(given.iter().enumerate().all(is_new), "{given:?}");
    }

    #[test]
    fn second_file_of_a_name_is_numbered() {
        let there = [uploaded(0, "a.png"), uploaded(1, "a-2.png"), uploaded(2, ".env")];
        let names = ["b.png", "a.png", ".env", "c"].map(|name| free_name(&there, name));
        assert_eq!(names, ["b.png", "a-3.png", ".env-2", "c"]);
    }
}
