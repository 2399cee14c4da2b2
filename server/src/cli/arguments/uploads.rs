//! Which arguments take the uploads of a command.

use serde_json::{Map, Value, json};

use taskyard::shared::job::FileRef;

use super::schema::{Schema, Shape};

/// Puts the sums of uploads into the arguments that take them: one into each single one, in the order of the
/// schema and where nothing is given yet, and all that are left into a list.
///
/// # Errors
/// A sentence: the kind takes no file, or not as many.
pub fn fill_uploads(
    args: &mut Map<String, Value>,
    sums: &[String],
    schema: Schema<'_>,
) -> Result<(), &'static str> {
    let mut left = sums.iter().map(|sum| Value::String(sum.clone())).collect::<Vec<_>>().into_iter();
    let mut takes_any = false;
    for (name, property) in schema.properties() {
        let item = property.items().filter(|_| property.shape() == Shape::List);
        let takes_files = item.is_some_and(|item| item.is_file());
        let takes_list = takes_files || item.is_some_and(|item| item.is_upload());
        if !takes_list && !property.is_upload() {
            continue;
        }
        takes_any = true;
        if args.contains_key(name) || left.len() == 0 {
            continue;
        }
        let value = if takes_files {
            Some(left.by_ref().map(|sum| json!({ "upload": sum })).collect())
        } else if takes_list {
            Some(Value::Array(left.by_ref().collect()))
        } else {
            left.next()
        };
        if let Some(value) = value {
            args.insert(name.to_owned(), value);
        }
    }
    match (left.len(), takes_any) {
        (0, _) => Ok(()),
        (_, true) => Err("more files are given than this kind has arguments for"),
        (_, false) => Err("this kind takes no files"),
    }
}

/// A kind that takes one file and a name is given the file's own, unless the caller chose another: what it
/// makes is called after it.
pub fn name_after_file(args: &mut Map<String, Value>, files: &[FileRef], schema: Schema<'_>) {
    if let [file] = files
        && schema.property("name").is_some_and(|name| name.shape() == Shape::Text)
        && !args.contains_key("name")
    {
        args.insert("name".to_owned(), Value::String(file.name.clone()));
    }
}
