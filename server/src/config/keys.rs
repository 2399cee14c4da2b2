//! Which keys exist. They are read off the default configuration, so this list cannot fall behind the code.

use std::collections::BTreeMap;

use taskyard_shared::limits::{IDENTIFIER_RULE, is_identifier};
use toml::{Table, Value};

use super::command_keys;
use super::sections::Config;

/// The sections whose tables people name themselves.
pub(super) const QUEUES: &str = "queues";
pub(super) const POOLS: &str = "pools";
pub(super) const COMMANDS: &str = "commands";
pub(super) const WEBHOOKS: &str = "webhooks";
/// The table whose keys people name themselves.
pub(super) const SECRETS: &str = "http.secrets";

/// What each queue may hold, with a value of the right type.
const QUEUE_KEYS: [(&str, Value); 4] = [
    ("concurrency", Value::Integer(1)),
    ("paused", Value::Boolean(false)),
    ("max_attempts", Value::Integer(1)),
    ("timeout_s", Value::Integer(1)),
];
const WEBHOOK_TEXTS: [&str; 2] = ["url", "secret"];
const WEBHOOK_LISTS: [&str; 3] = ["kinds", "queues", "states"];

/// What each table of a pool may hold; which of them go together is checked in `pools.rs`.
const POOL_KEYS: [(&str, Value); 19] = [
    ("kind", Value::String(String::new())),
    ("host", Value::String(String::new())),
    ("port", Value::Integer(1)),
    ("tls", Value::String(String::new())),
    ("allow_plain", Value::Boolean(false)),
    ("ca_file", Value::String(String::new())),
    ("user", Value::String(String::new())),
    ("password", Value::String(String::new())),
    ("password_env", Value::String(String::new())),
    ("password_file", Value::String(String::new())),
    ("from", Value::String(String::new())),
    ("url", Value::String(String::new())),
    ("database", Value::String(String::new())),
    ("sslmode", Value::String(String::new())),
    ("path", Value::String(String::new())),
    ("max_size", Value::Integer(1)),
    ("timeout_s", Value::Integer(1)),
    ("max_lifetime_s", Value::Integer(1)),
    ("idle_timeout_s", Value::Integer(1)),
];

/// Every key in full (`server.bind`) with its default, but for those that people name.
pub(super) struct Keys {
    defaults: BTreeMap<String, Value>,
}

impl Keys {
    pub(super) fn new() -> Self {
        let mut defaults = BTreeMap::new();
        for (section, values) in default_table() {
            for (key, value) in values.as_table().into_iter().flatten().filter(|(_, value)| !value.is_table())
            {
                defaults.insert(format!("{section}.{key}"), value.clone());
            }
        }
        Keys { defaults }
    }

    /// A value of the type that the key must have, None where that depends on other keys; a sentence when there is no
    /// such key.
    pub(super) fn example(&self, key: &str) -> Result<Option<Value>, String> {
        if let Some((name, last)) = split_named(key, QUEUES) {
            return named_example(name, last, "queue", &QUEUE_KEYS).map(Some);
        }
        if let Some((name, last)) = split_named(key, POOLS) {
            return named_example(name, last, "pool", &POOL_KEYS).map(Some);
        }
        if let Some((name, last)) = split_named(key, WEBHOOKS) {
            return webhook_example(name, last).map(Some);
        }
        if let Some(name) = key.strip_prefix(SECRETS).and_then(|rest| rest.strip_prefix('.')) {
            return check_name(name, "a secret").map(|()| Some(Value::String(String::new())));
        }
        if let Some(path) = command_keys::path_of(key) {
            return command_keys::example(path);
        }
        self.defaults.get(key).cloned().map(Some).ok_or_else(|| {
            let hint = nearest(key, self.defaults.keys().map(String::as_str));
            format!("there is no key \"{key}\"{hint}")
        })
    }

    /// The environment variable of each key.
    pub(super) fn variables(&self) -> BTreeMap<String, &str> {
        self.defaults.keys().map(|key| (variable_of(key), key.as_str())).collect()
    }

    /// Whether `name` is a section; a sentence when it is not.
    pub(super) fn section(&self, name: &str) -> Result<(), String> {
        let sections = default_table();
        const NAMED: [&str; 3] = [QUEUES, POOLS, COMMANDS];
        if sections.contains_key(name) || NAMED.contains(&name) {
            return Ok(());
        }
        let hint = nearest(name, sections.keys().map(String::as_str).chain(NAMED));
        Err(format!("there is no section \"{name}\"{hint}"))
    }
}

/// `server.bind` is `TASKYARD_SERVER_BIND`.
pub(super) fn variable_of(key: &str) -> String {
    format!("TASKYARD_{}", key.replace('.', "_").to_uppercase())
}

/// What was probably meant, as the end of a sentence; empty when nothing comes near.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(word, known).map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}

pub(super) fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let best = known.map(|name| (strsim::jaro_winkler(word, name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity > 0.8).map(|(_, name)| name)
}

pub(super) fn default_table() -> Table {
    Table::try_from(Config::default()).unwrap_or_default()
}

/// `queues.NAME.KEY` as NAME and KEY. A name may hold dots in quotes, so KEY is what follows the last one.
fn split_named<'k>(key: &'k str, section: &str) -> Option<(&'k str, &'k str)> {
    key.strip_prefix(section)?.strip_prefix('.')?.rsplit_once('.')
}

fn webhook_example(name: &str, key: &str) -> Result<Value, String> {
    check_name(name, "a webhook")?;
    if WEBHOOK_TEXTS.contains(&key) {
        return Ok(Value::String(String::new()));
    }
    if WEBHOOK_LISTS.contains(&key) {
        return Ok(Value::Array(Vec::new()));
    }
    let hint = nearest(key, WEBHOOK_TEXTS.into_iter().chain(WEBHOOK_LISTS));
    Err(format!("a webhook has no key \"{key}\"{hint}"))
}

/// `what`: what the tables of the section are.
fn named_example(name: &str, key: &str, what: &str, keys: &[(&str, Value)]) -> Result<Value, String> {
    check_name(name, &format!("a {what}"))?;
    keys.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone()).ok_or_else(|| {
        let hint = nearest(key, keys.iter().map(|(known, _)| *known));
        format!("a {what} has no key \"{key}\"{hint}")
    })
}

pub(super) fn check_name(name: &str, what: &str) -> Result<(), String> {
    if is_identifier(name) {
        return Ok(());
    }
    Err(format!("\"{name}\" cannot name {what}: a name has {IDENTIFIER_RULE}"))
}
