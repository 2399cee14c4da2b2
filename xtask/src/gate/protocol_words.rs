//! Whether `docs/PROTOCOL.md` keeps up with the messages.
//!
//! The golden files have an example of every message. Each `"type"` in them must stand in backticks in the
//! document, so that a message cannot be added or renamed without it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::fingerprint::files_under;

/// Members whose value is not ours to name: arguments, results, and JSON Schema with `type`s of its own.
const FREE_FORM: [&str; 3] = ["args", "args_schema", "result"];

pub fn check(golden: &Path, document: &Path) -> Result<()> {
    let words = golden_words(golden)?;
    if words.is_empty() {
        bail!("there are no golden messages in {}", golden.display());
    }
    let text = fs::read_to_string(document).with_context(|| format!("cannot read {}", document.display()))?;
    let missing: Vec<String> = words
        .iter()
        .filter(|(word, _)| !text.contains(&format!("`{word}`")))
        .map(|(word, file)| format!("`{word}` ({file})"))
        .collect();
    if !missing.is_empty() {
        bail!("{} says nothing of these messages: {}", document.display(), missing.join(", "));
    }
    println!("    {} messages, each in {}", words.len(), document.display());
    Ok(())
}

/// Every `"type"` with the name of a file that has it.
fn golden_words(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut words = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(words);
    }
    for file in files_under(folder, &[])? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        // A file may have one message over several lines, or several messages one after another.
        for message in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let message = message.with_context(|| format!("{} is not JSON", file.display()))?;
            collect(&message, &mut |word| {
                words.entry(word.to_owned()).or_insert_with(|| name.to_string());
            });
        }
    }
    Ok(words)
}

fn collect(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(word) if name == "type" => found(word),
                    _ if FREE_FORM.contains(&name.as_str()) => {}
                    _ => collect(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(message: Value) -> Vec<String> {
        let mut words = Vec::new();
        collect(&message, &mut |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn types_are_found_at_every_depth_but_not_in_what_is_free_form() {
        let message = serde_json::json!({
            "type": "command",
            "command": { "type": "add_job", "job": { "kind": "demo", "args": { "type": "anything" } } },
            "kinds": [{ "args_schema": { "type": "object" } }, { "type": "listed" }],
        });
        let mut words = words_of(message);
        words.sort();
        assert_eq!(words, ["add_job", "command", "listed"]);
    }

    #[test]
    fn a_message_that_the_document_does_not_name_fails() {
        let folder = std::env::temp_dir().join(format!("taskyard-protocol-words-{}", std::process::id()));
        let golden = folder.join("golden");
        fs::create_dir_all(&golden).expect("a temporary folder");
        let document = folder.join("PROTOCOL.md");
        fs::write(&document, "A client says `hello`.").expect("a document");
        assert!(check(&golden, &document).is_err(), "no golden file at all");
        fs::write(golden.join("hello.json"), r#"{"type":"hello"}"#).expect("a golden file");
        check(&golden, &document).expect("the only message is named");
        fs::write(golden.join("ack.json"), r#"{"type":"ack"}"#).expect("a golden file");
        let error = check(&golden, &document).expect_err("ack is not named").to_string();
        assert!(error.contains("`ack` (ack.json)"), "{error}");
        fs::remove_dir_all(folder).expect("the temporary folder goes");
    }
}
