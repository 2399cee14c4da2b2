//! The settings of a TOML file, each with the line it stands on.

use std::path::Path;

use toml::Value;
use toml::de::{DeTable, DeValue};

use super::command_keys::{self, ENV, PARAMETERS};
use super::error::ConfigError;
use super::keys::{COMMANDS, Keys, POOLS, QUEUES, SECRETS, WEBHOOKS};

/// A setting and where it was found.
pub(super) struct FileSetting {
    pub key: String,
    pub line: usize,
    pub value: Value,
}

/// Reads the text of a file. Values are not checked yet; sections are.
pub(super) fn settings(path: &Path, text: &str, keys: &Keys) -> Result<Vec<FileSetting>, ConfigError> {
    let wrong = |line, sentence| ConfigError::File { path: path.to_owned(), line, sentence };
    let syntax = |error: toml::de::Error| {
        let line = line_at(text, error.span().map_or(0, |span| span.start));
        wrong(line, format!("this is not TOML: {}", error.message().trim_end().replace('\n', "; ")))
    };
    let spans = DeTable::parse(text).map_err(syntax)?;
    let values: toml::Table = toml::from_str(text).map_err(syntax)?;
    let mut found = Vec::new();
    for (section, content) in spans.get_ref() {
        let line = line_at(text, section.span().start);
        let name = section.get_ref().as_ref();
        let content = match content.get_ref() {
            DeValue::Table(content) => content,
            _ => return Err(wrong(line, not_a_section(keys, name))),
        };
        keys.section(name).map_err(|sentence| wrong(line, sentence))?;
        if name == QUEUES {
            check_queues(text, content).map_err(|(line, sentence)| wrong(line, sentence))?;
        }
        if name == WEBHOOKS {
            check_webhooks(text, content).map_err(|(line, sentence)| wrong(line, sentence))?;
        }
        if name == POOLS {
            check_pools(text, content).map_err(|(line, sentence)| wrong(line, sentence))?;
        }
        if name == COMMANDS {
            command_keys::check_shape(content)
                .map_err(|(offset, sentence)| wrong(line_at(text, offset), sentence))?;
        }
        collect(text, name, content, values.get(name), &mut found);
    }
    found.sort_by_key(|setting| setting.line);
    Ok(found)
}

fn not_a_section(keys: &Keys, name: &str) -> String {
    match keys.section(name) {
        Ok(()) => format!("\"{name}\" is a section: write [{name}] on a line of its own, its keys below"),
        Err(sentence) => sentence,
    }
}

/// A queue must be a table, and say its concurrency: there is no number that suits every queue.
fn check_queues(text: &str, queues: &DeTable<'_>) -> Result<(), (usize, String)> {
    for (name, queue) in queues {
        let (line, name) = (line_at(text, name.span().start), name.get_ref());
        match queue.get_ref() {
            DeValue::Table(settings) if settings.contains_key("concurrency") => {}
            DeValue::Table(_) => {
                return Err((
                    line,
                    format!("queues.{name}.concurrency is missing; say how many jobs may run at a time"),
                ));
            }
            _ => return Err((line, format!("write queues.{name} as {name} = {{ concurrency = 4 }}"))),
        }
    }
    Ok(())
}

/// A webhook must be a table, and say where to and signed with what.
fn check_webhooks(text: &str, webhooks: &DeTable<'_>) -> Result<(), (usize, String)> {
    for (name, webhook) in webhooks {
        let (line, name) = (line_at(text, name.span().start), name.get_ref());
        let DeValue::Table(settings) = webhook.get_ref() else {
            return Err((line, format!("write [webhooks.{name}] on a line of its own, its keys below")));
        };
        for (key, why) in [("url", "say where the messages go"), ("secret", "name one of [http.secrets]")] {
            if !settings.contains_key(key) {
                return Err((line, format!("webhooks.{name}.{key} is missing; {why}")));
            }
        }
    }
    Ok(())
}

/// A pool must be a table, and say its kind.
fn check_pools(text: &str, pools: &DeTable<'_>) -> Result<(), (usize, String)> {
    for (name, pool) in pools {
        let (line, name) = (line_at(text, name.span().start), name.get_ref());
        match pool.get_ref() {
            DeValue::Table(settings) if settings.contains_key("kind") => {}
            DeValue::Table(_) => {
                return Err((line, format!("pools.{name}.kind is missing; say smtp, postgres or sqlite")));
            }
            _ => return Err((line, format!("write [pools.{name}] on a line of its own, its keys below"))),
        }
    }
    Ok(())
}

/// Adds every value below `table`, tables within it included.
fn collect(
    text: &str,
    prefix: &str,
    table: &DeTable<'_>,
    values: Option<&Value>,
    found: &mut Vec<FileSetting>,
) {
    for (key, inner) in table {
        let name = key.get_ref().as_ref();
        let full = format!("{prefix}.{name}");
        let value = values.and_then(|values| values.get(name));
        match (inner.get_ref(), value) {
            (DeValue::Table(inner), _) if is_inner_section(prefix, name) => {
                collect(text, &full, inner, value, found);
            }
            (_, Some(value)) => {
                found.push(FileSetting {
                    key: full,
                    line: line_at(text, key.span().start),
                    value: value.clone(),
                });
            }
            (_, None) => {}
        }
    }
}

/// Whether a table of this name below `prefix` has settings of its own.
fn is_inner_section(prefix: &str, name: &str) -> bool {
    let depth = prefix.split('.').count();
    match prefix.split('.').next() {
        Some(QUEUES | POOLS | WEBHOOKS) => depth == 1,
        Some(COMMANDS) => {
            depth == 1 || (depth == 2 && matches!(name, ENV | PARAMETERS)) || prefix.ends_with(".parameters")
        }
        _ => SECRETS.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) == Some(name),
    }
}

/// Lines count from 1.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
