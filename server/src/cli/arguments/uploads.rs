//! Which arguments take the uploads of a command.

use std::vec::IntoIter;

use serde_json::{Map, Value, json};

use taskyard::shared::job::FileRef;

use super::schema::{Schema, Shape};

/// Puts the sums of uploads into the arguments that take them: one into each single one, in the order of the
/// schema and where nothing is given yet, and all that are left into a list. Where the schema says more for what is
/// given, as of the parameters of a command, that counts too.
///
/// # Errors
/// A sentence: the kind takes no file, or not as many.
pub fn fill_uploads(
    args: &mut Map<String, Value>,
    sums: &[String],
    schema: Schema<'_>,
) -> Result<(), &'static str> {
    let mut left = sums.iter().map(|sum| Value::String(sum.clone())).collect::<Vec<_>>().into_iter();
    let mut takes_any = fill(args, &mut left, schema);
    for (name, property) in schema.properties_for(args) {
        let mut inner = match args.get(name) {
            None => Map::new(),
            Some(Value::Object(given)) => given.clone(),
            Some(_) => continue,
        };
        takes_any |= fill(&mut inner, &mut left, property);
        if !inner.is_empty() {
            args.insert(name.to_owned(), Value::Object(inner));
        }
    }
    match (left.len(), takes_any) {
        (0, _) => Ok(()),
        (_, true) => Err("more files are given than this kind has arguments for"),
        (_, false) => Err("this kind takes no files"),
    }
}

/// Whether any of the properties takes a file.
fn fill(args: &mut Map<String, Value>, left: &mut IntoIter<Value>, schema: Schema<'_>) -> bool {
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
            Some(left.map(|sum| json!({ "upload": sum })).collect())
        } else if takes_list {
            Some(Value::Array(left.collect()))
        } else {
            left.next()
        };
        if let Some(value) = value {
            args.insert(name.to_owned(), value);
        }
    }
    takes_any
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
