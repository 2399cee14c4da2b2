//! What a job may say in one place: its type with its bounds, and the JSON Schema of that.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::config::{ParameterConfig, ParameterType};
use crate::kinds::schema::compile;

/// Most characters of a text whose parameter does not say.
const DEFAULT_MAX_CHARS: u32 = 256;
/// Most characters of a file's ending.
const MAX_EXTENSION_CHARS: usize = 16;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parameter {
    Integer { bounds: RangeInclusive<i64>, default: Option<i64> },
    Text(Text),
    Boolean { default: Option<bool> },
    File { extension: Option<String> },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    /// A regular expression that anchors itself.
    pattern: Option<String>,
    choices: Option<Vec<String>>,
    max_chars: u32,
    allow_leading_dash: bool,
    default: Option<String>,
}

/// The key that is wrong, and a sentence.
type Wrong = (&'static str, String);

impl Parameter {
    /// # Errors
    /// What is declared does not fit together.
    pub fn new(config: &ParameterConfig) -> Result<Self, Wrong> {
        refuse_strangers(config)?;
        let parameter = match config.parameter_type {
            ParameterType::Integer => integer(config)?,
            ParameterType::Text => Parameter::Text(Text::new(config)?),
            ParameterType::Boolean => Parameter::Boolean { default: default(config, toml::Value::as_bool)? },
            ParameterType::File => Parameter::File { extension: extension(config)? },
        };
        parameter.check_default()?;
        Ok(parameter)
    }

    /// What counts where a job does not say. None: the job must.
    pub fn default(&self) -> Option<Value> {
        match self {
            Parameter::Integer { default, .. } => default.map(Value::from),
            Parameter::Text(text) => text.default.clone().map(Value::from),
            Parameter::Boolean { default } => default.map(Value::from),
            Parameter::File { .. } => None,
        }
    }

    pub fn schema(&self) -> Value {
        let mut schema = match self {
            Parameter::Integer { bounds, .. } => {
                json!({ "type": "integer", "minimum": bounds.start(), "maximum": bounds.end() })
            }
            Parameter::Text(text) => text.schema(),
            Parameter::Boolean { .. } => json!({ "type": "boolean" }),
            Parameter::File { .. } => {
                json!({ "type": "string", "format": "upload", "pattern": "^[0-9a-f]{64}$" })
            }
        };
        if let Some(default) = self.default() {
            schema["default"] = default;
        }
        schema
    }

    /// What the schema cannot say about a value, as the end of a sentence.
    pub fn complaint(&self, value: &Value) -> Option<&'static str> {
        let (Parameter::Text(text), Some(value)) = (self, value.as_str()) else { return None };
        if value.contains('\0') {
            return Some("must not have a NUL character, where an argument would end");
        }
        let is_unseen = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
        if value.chars().any(is_unseen) {
            return Some("must have no control characters but tabs and line breaks");
        }
        let is_safe = text.allow_leading_dash || text.choices.is_some() || !value.starts_with('-');
        (!is_safe).then_some("must not begin with -, or the program could take it for an option")
    }

    fn check_default(&self) -> Result<(), Wrong> {
        let Some(default) = self.default() else { return Ok(()) };
        let wrong = |sentence: &str| ("default", sentence.to_owned());
        let validator = compile(&self.schema()).map_err(|error| ("pattern", error))?;
        if !validator.is_valid(&default) {
            return Err(wrong("lies outside what the parameter allows"));
        }
        self.complaint(&default).map_or(Ok(()), |says| Err(wrong(says)))
    }
}

impl Text {
    fn new(config: &ParameterConfig) -> Result<Self, Wrong> {
        let pattern = config.pattern.as_deref().map(|pattern| format!("^(?:{pattern})$"));
        if let Some(pattern) = &pattern {
            compile(&json!({ "type": "string", "pattern": pattern }))
                .map_err(|_| ("pattern", "is not a regular expression".to_owned()))?;
        }
        let choices = config.choices.clone();
        match choices.as_deref() {
            Some([]) => return Err(("choices", "is empty, so nothing is allowed".to_owned())),
            Some(choices) if choices.iter().any(|choice| choice.contains('\0')) => {
                return Err(("choices", "has a NUL character, where an argument would end".to_owned()));
            }
            _ => {}
        }
        Ok(Text {
            pattern,
            choices,
            max_chars: config.max_chars.unwrap_or(DEFAULT_MAX_CHARS),
            allow_leading_dash: config.allow_leading_dash.unwrap_or(false),
            default: default(config, |value| value.as_str().map(str::to_owned))?,
        })
    }

    fn schema(&self) -> Value {
        let mut schema = json!({ "type": "string", "maxLength": self.max_chars });
        if let Some(pattern) = &self.pattern {
            schema["pattern"] = pattern.as_str().into();
        }
        if let Some(choices) = &self.choices {
            schema["enum"] = json!(choices);
        }
        schema
    }
}

fn integer(config: &ParameterConfig) -> Result<Parameter, Wrong> {
    let bounds = config.min.unwrap_or(0)..=config.max.unwrap_or(i64::MAX);
    if bounds.is_empty() {
        return Err(("max", format!("is less than min, {}", bounds.start())));
    }
    Ok(Parameter::Integer { bounds, default: default(config, toml::Value::as_integer)? })
}

fn default<T>(
    config: &ParameterConfig,
    read: impl Fn(&toml::Value) -> Option<T>,
) -> Result<Option<T>, Wrong> {
    let Some(value) = &config.default else { return Ok(None) };
    let wrong = || ("default", "is not of the parameter's type".to_owned());
    read(value).map(Some).ok_or_else(wrong)
}

fn extension(config: &ParameterConfig) -> Result<Option<String>, Wrong> {
    let is_good = |text: &str| {
        (1..=MAX_EXTENSION_CHARS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    match config.extension.as_deref() {
        Some(text) if !is_good(text) => Err((
            "extension",
            format!("must be 1 to {MAX_EXTENSION_CHARS} letters and digits, without the dot"),
        )),
        extension => Ok(extension.map(str::to_owned)),
    }
}

/// Keys that say nothing about a parameter of this type.
fn refuse_strangers(config: &ParameterConfig) -> Result<(), Wrong> {
    use ParameterType::{File, Integer, Text};
    let keys = [
        ("min", config.min.is_some(), Integer),
        ("max", config.max.is_some(), Integer),
        ("pattern", config.pattern.is_some(), Text),
        ("choices", config.choices.is_some(), Text),
        ("max_chars", config.max_chars.is_some(), Text),
        ("allow_leading_dash", config.allow_leading_dash.is_some(), Text),
        ("extension", config.extension.is_some(), File),
    ];
    for (key, is_said, of) in keys {
        if is_said && config.parameter_type != of {
            return Err((key, format!("is for parameters of the type {}", word(of))));
        }
    }
    if config.default.is_some() && config.parameter_type == File {
        return Err(("default", "a file has no default".to_owned()));
    }
    Ok(())
}

fn word(parameter_type: ParameterType) -> &'static str {
    match parameter_type {
        ParameterType::Integer => "integer",
        ParameterType::Text => "text",
        ParameterType::Boolean => "boolean",
        ParameterType::File => "file",
    }
}
