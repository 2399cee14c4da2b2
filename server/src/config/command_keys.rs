//! The keys of commands: `commands.NAME.KEY`, `commands.NAME.env.VARIABLE`, `commands.NAME.parameters.NAME.KEY`.

use taskyard_shared::limits::MAX_DELAY_MS;
use toml::Value;
use toml::de::{DeTable, DeValue};

use super::keys::{COMMANDS, check_name, nearest};

pub(super) const ENV: &str = "env";
pub(super) const PARAMETERS: &str = "parameters";

/// What a key holds.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    Flag,
    Texts,
    /// Whole numbers of this span.
    Number(i64, i64),
    Numbers(i64, i64),
    /// Depends on the type of the parameter.
    Anything,
}

const MAX_CODE: i64 = 255;
const MAX_TIMEOUT_S: i64 = (MAX_DELAY_MS / 1_000).cast_signed();
/// The server waits so long for programs when it stops.
const MAX_GRACE_S: i64 = 60;
const MAX_OUTPUT_FILES: i64 = 1_000;
const MAX_OUTPUT_MB: i64 = 1_000_000;
/// Linux takes no longer arguments than 128 KiB, and a character may have four bytes.
const MAX_TEXT_CHARS: i64 = 10_000;

const OF_COMMAND: [(&str, Holds); 12] = [
    ("program", Holds::Text),
    ("description", Holds::Text),
    ("args", Holds::Texts),
    ("dir", Holds::Text),
    ("pass_env", Holds::Texts),
    ("timeout_s", Holds::Number(1, MAX_TIMEOUT_S)),
    ("grace_s", Holds::Number(0, MAX_GRACE_S)),
    ("success_codes", Holds::Numbers(0, MAX_CODE)),
    ("do_not_retry_codes", Holds::Numbers(0, MAX_CODE)),
    ("queues", Holds::Texts),
    ("max_output_files", Holds::Number(0, MAX_OUTPUT_FILES)),
    ("max_output_mb", Holds::Number(1, MAX_OUTPUT_MB)),
];

const OF_PARAMETER: [(&str, Holds); 10] = [
    ("type", Holds::Text),
    ("description", Holds::Text),
    ("min", Holds::Number(i64::MIN, i64::MAX)),
    ("max", Holds::Number(i64::MIN, i64::MAX)),
    ("pattern", Holds::Text),
    ("choices", Holds::Texts),
    ("max_chars", Holds::Number(1, MAX_TEXT_CHARS)),
    ("allow_leading_dash", Holds::Flag),
    ("extension", Holds::Text),
    ("default", Holds::Anything),
];

/// Where a key lies: the command, and what of it.
pub(super) struct CommandKey<'a> {
    command: &'a str,
    place: Place<'a>,
}

enum Place<'a> {
    Own(&'a str),
    Variable(&'a str),
    Parameter(&'a str, &'a str),
}

/// None: it is no key of a command.
pub(super) fn path_of(key: &str) -> Option<CommandKey<'_>> {
    let rest = key.strip_prefix(COMMANDS)?.strip_prefix('.')?;
    // A name may hold dots in quotes; then it is no name, and said to be none.
    let (command, place) = if let Some((command, inner)) = rest.split_once(".parameters.") {
        let (parameter, last) = inner.rsplit_once('.')?;
        (command, Place::Parameter(parameter, last))
    } else if let Some((command, variable)) = rest.split_once(".env.") {
        (command, Place::Variable(variable))
    } else {
        let (command, last) = rest.rsplit_once('.')?;
        (command, Place::Own(last))
    };
    Some(CommandKey { command, place })
}

/// A value of the type that the key must have; a sentence when there is no such key.
pub(super) fn example(key: CommandKey<'_>) -> Result<Option<Value>, String> {
    check_name(key.command, "a command")?;
    match key.place {
        Place::Own(own) => found(&OF_COMMAND, own, "a command"),
        Place::Variable(name) if is_variable(name) => Ok(Some(Value::String(String::new()))),
        Place::Variable(name) => Err(format!(
            "\"{name}\" cannot name a variable: use letters, digits and _, starting with no digit"
        )),
        Place::Parameter(name, own) => {
            check_name(name, "a parameter")?;
            found(&OF_PARAMETER, own, "a parameter")
        }
    }
}

fn found(known: &[(&str, Holds)], key: &str, what: &str) -> Result<Option<Value>, String> {
    match known.iter().find(|(known, _)| *known == key) {
        Some((_, holds)) => Ok(holds.example()),
        None => {
            let hint = nearest(key, known.iter().map(|(known, _)| *known));
            Err(format!("{what} has no key \"{key}\"{hint}"))
        }
    }
}

impl Holds {
    fn example(self) -> Option<Value> {
        Some(match self {
            Holds::Text => Value::String(String::new()),
            Holds::Flag => Value::Boolean(false),
            Holds::Texts => Value::Array(Vec::new()),
            Holds::Number(..) => Value::Integer(0),
            Holds::Numbers(..) => Value::Array(vec![Value::Integer(0)]),
            Holds::Anything => return None,
        })
    }
}

/// The bounds of a number, or of each in a list. None: there are none.
pub(super) fn bound(key: &str) -> Option<(i64, i64)> {
    let (known, last): (&[_], _) = match path_of(key)?.place {
        Place::Own(last) => (&OF_COMMAND, last),
        Place::Parameter(_, last) => (&OF_PARAMETER, last),
        Place::Variable(_) => return None,
    };
    match known.iter().find(|(known, _)| *known == last)?.1 {
        Holds::Number(least, most) | Holds::Numbers(least, most) => Some((least, most)),
        _ => None,
    }
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What must be there, at which offset something is missing: a command must be a table and say its program, a
/// parameter must be one and say its type.
pub(super) fn check_shape(commands: &DeTable<'_>) -> Result<(), (usize, String)> {
    for (name, command) in commands {
        let (at, name) = (name.span().start, name.get_ref());
        let DeValue::Table(command) = command.get_ref() else {
            return Err((at, format!("write [commands.{name}] on a line of its own, its keys below")));
        };
        if !command.contains_key("program") {
            return Err((at, format!("commands.{name}.program is missing; say which program it runs")));
        }
        for (inner, value) in command {
            match (inner.get_ref().as_ref(), value.get_ref()) {
                (PARAMETERS, DeValue::Table(parameters)) => check_parameters(name, parameters)?,
                (ENV, DeValue::Table(_)) => {}
                (word @ (PARAMETERS | ENV), _) => {
                    return Err((
                        inner.span().start,
                        format!(
                            "\"{word}\" is a section: write [commands.{name}.{word}] on a line of its own"
                        ),
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn check_parameters(command: &str, parameters: &DeTable<'_>) -> Result<(), (usize, String)> {
    for (name, parameter) in parameters {
        let (at, name) = (name.span().start, name.get_ref());
        let full = format!("commands.{command}.{PARAMETERS}.{name}");
        match parameter.get_ref() {
            DeValue::Table(keys) if keys.contains_key("type") => {}
            DeValue::Table(_) => {
                return Err((at, format!("{full}.type is missing; it is integer, text, boolean or file")));
            }
            _ => return Err((at, format!("write {full} as {name} = {{ type = \"text\" }}"))),
        }
    }
    Ok(())
}
