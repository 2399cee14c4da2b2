//! The layers: file, environment, flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::checks::check;
use super::commands::CommandConfig;
use super::error::ConfigError;
use super::file::{self, FileSetting};
use super::keys::{COMMANDS, Keys, POOLS, closest, default_table};
use super::pools::{self, ReadPools};
use super::sections::Config;
use crate::kinds::command::{Declaration, Mistake};

/// Read when no file is named and this one exists.
const DEFAULT_FILE: &str = "taskyard.toml";
/// Most webhooks: each end of a job is looked at for all of them.
const MAX_WEBHOOKS: usize = 20;
/// What the variables of the settings begin with.
const PREFIX: &str = "TASKYARD_";
/// Variables that are not settings of the server: the command line's, and those of the project's chores.
const OTHER_VARIABLES: [&str; 4] =
    ["TASKYARD_CONFIG", "TASKYARD_SERVER", "TASKYARD_BIN", "TASKYARD_WRITE_SCREENSHOT"];

/// A setting given as a flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// As the person wrote it: `--bind`.
    pub flag: &'static str,
    /// The key it sets: `server.bind`.
    pub key: &'static str,
    /// As text; what the key's type is, it is read as.
    pub text: String,
}

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file that was named. Without it, `taskyard.toml` in the current folder if there is one.
    pub file: Option<PathBuf>,
    /// The environment; only variables that begin with `TASKYARD_` are looked at.
    pub environment: BTreeMap<String, String>,
    pub flags: Vec<Flag>,
}

/// Reads and checks every layer.
///
/// # Errors
/// The first mistake found, with its place.
pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
    let keys = Keys::new();
    let mut table = default_table();
    let pools = load_file(sources, &keys, &mut table)?;
    load_environment(&sources.environment, &pools, &keys, &mut table)?;
    for Flag { flag, key, text } in &sources.flags {
        set_text(&keys, &mut table, key, text)
            .map_err(|sentence| ConfigError::Flag { flag: (*flag).to_owned(), sentence })?;
    }
    let config: Config = table.try_into().map_err(|error| ConfigError::Inconsistent(error.to_string()))?;
    check_webhooks(&config)?;
    Ok(Config { pools: pools.settings, ..config })
}

/// Each is signed with a secret that there is.
fn check_webhooks(config: &Config) -> Result<(), ConfigError> {
    if config.webhooks.len() > MAX_WEBHOOKS {
        let message =
            format!("there are {} webhooks; at most {MAX_WEBHOOKS} are allowed", config.webhooks.len());
        return Err(ConfigError::Inconsistent(message));
    }
    for (name, webhook) in &config.webhooks {
        if !config.http.secrets.contains_key(&webhook.secret) {
            return Err(ConfigError::Inconsistent(format!(
                "webhooks.{name}.secret is \"{}\", but [http.secrets] has no such name",
                webhook.secret
            )));
        }
    }
    Ok(())
}

/// Answers the pools; they are no part of the table.
fn load_file(sources: &Sources, keys: &Keys, table: &mut Table) -> Result<ReadPools, ConfigError> {
    let path = match sources.file.as_deref() {
        Some(path) => path,
        None if Path::new(DEFAULT_FILE).exists() => Path::new(DEFAULT_FILE),
        None => return Ok(ReadPools::default()),
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
    let wrong = |line, sentence| ConfigError::File { path: path.to_owned(), line, sentence };
    let settings = file::settings(path, &text, keys)?;
    let mut lines = BTreeMap::new();
    for FileSetting { key, line, value } in &settings {
        set(keys, table, key, value.clone()).map_err(|sentence| wrong(*line, sentence))?;
        lines.insert(key.clone(), *line);
    }
    check_commands(table, &lines).map_err(|(line, sentence)| wrong(line, sentence))?;
    table.remove(POOLS);
    pools::read(&settings, &sources.environment).map_err(|(line, sentence)| wrong(line, sentence))
}

/// Whether what each command says fits together. `lines` knows where each key stands.
fn check_commands(table: &Table, lines: &BTreeMap<String, usize>) -> Result<(), (usize, String)> {
    let commands = table.get(COMMANDS).and_then(Value::as_table);
    for (name, command) in commands.into_iter().flatten() {
        let prefix = format!("{COMMANDS}.{name}.");
        let line_of = |key: &str| lines.get(&format!("{prefix}{key}")).copied();
        let begins = line_of("program").unwrap_or(1);
        let config: CommandConfig = command
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| (begins, error.message().to_owned()))?;
        Declaration::new(name, &config).map_err(|Mistake { key, sentence }| {
            (line_of(&key).unwrap_or(begins), format!("{prefix}{key}: {sentence}"))
        })?;
    }
    Ok(())
}

fn load_environment(
    environment: &BTreeMap<String, String>,
    pools: &ReadPools,
    keys: &Keys,
    table: &mut Table,
) -> Result<(), ConfigError> {
    let known = keys.variables();
    for (variable, text) in environment {
        let is_other = OTHER_VARIABLES.contains(&variable.as_str()) || pools.variables.contains(variable);
        if !variable.starts_with(PREFIX) || is_other {
            continue;
        }
        let outcome = match known.get(variable) {
            Some(key) => set_text(keys, table, key, text),
            None => {
                let names = known.keys().filter_map(|name| name.strip_prefix(PREFIX));
                let hint = closest(&variable[PREFIX.len()..], names)
                    .map_or_else(String::new, |name| format!("; did you mean \"{PREFIX}{name}\"?"));
                Err(format!("no setting has this variable{hint}"))
            }
        };
        outcome.map_err(|sentence| ConfigError::Environment { variable: variable.clone(), sentence })?;
    }
    Ok(())
}

/// Sets a key to what `text` means for a value of its type. Lists are separated by commas.
fn set_text(keys: &Keys, table: &mut Table, key: &str, text: &str) -> Result<(), String> {
    let not = |what: &str| format!("{key} is \"{text}\"; it must be {what}");
    let value = match keys.example(key)?.unwrap_or_else(|| Value::String(String::new())) {
        Value::Integer(_) => Value::Integer(text.trim().parse().map_err(|_| not("a whole number"))?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().map_err(|_| not("true or false"))?),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    };
    set(keys, table, key, value)
}

fn set(keys: &Keys, table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    if let Some(example) = keys.example(key)? {
        check(key, &value, &example)?;
    }
    let Some((path, last)) = key.rsplit_once('.') else { return Err(format!("\"{key}\" is a section")) };
    let mut place = table;
    for part in path.split('.') {
        let inner = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = inner.as_table_mut().ok_or_else(|| format!("{path} is not a section"))?;
    }
    place.insert(last.to_owned(), value);
    Ok(())
}
