//! What a schema violation is called to a person's face.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;
use taskyard_shared::error::FieldError;

/// Most characters of a text that an answer repeats.
const MAX_QUOTED_CHARS: usize = 60;

/// One sentence for each field that the violation is about.
pub(super) fn of(error: &ValidationError<'_>, schema: &Value) -> Vec<FieldError> {
    let at = error.instance_path().as_str();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![FieldError { field: join(at, name), message: format!("{name} is required") }]
        }
        Kind::AdditionalProperties { unexpected } => {
            let known = known_properties(error, schema);
            unexpected
                .iter()
                .map(|name| FieldError { field: join(at, name), message: unknown(name, &known) })
                .collect()
        }
        _ => {
            let message = format!("{} {}", subject(at), predicate(error, schema));
            vec![FieldError { field: at.to_owned(), message }]
        }
    }
}

/// `… must be 1 to 30`: what the value has to be, without saying which value.
fn predicate(error: &ValidationError<'_>, schema: &Value) -> String {
    let rules = rules_of(error, schema);
    match error.kind() {
        Kind::Type { kind } => format!("must be {}", types(kind)),
        Kind::Minimum { .. }
        | Kind::Maximum { .. }
        | Kind::ExclusiveMinimum { .. }
        | Kind::ExclusiveMaximum { .. } => {
            format!(
                "must be {}",
                span(&rules["minimum"], &rules["maximum"]).unwrap_or_else(|| fallback(error))
            )
        }
        Kind::MinLength { .. } | Kind::MaxLength { .. } => length(error.instance(), rules),
        Kind::MinItems { .. } | Kind::MaxItems { .. } => {
            let span = span(&rules["minItems"], &rules["maxItems"]);
            format!("must have {} entries", span.unwrap_or_else(|| "other".to_owned()))
        }
        Kind::UniqueItems => "must not have the same entry twice".to_owned(),
        Kind::MultipleOf { multiple_of, .. } => format!("must be a multiple of {multiple_of}"),
        Kind::Enum { options } => format!("must be one of {}", words(options)),
        Kind::Pattern { .. } if rules["format"] == "upload" => {
            "must be the SHA-256 of an upload: 64 hexadecimal digits".to_owned()
        }
        _ => fallback(error),
    }
}

/// The library's own words, without the value, which may be long.
fn fallback(error: &ValidationError<'_>) -> String {
    let text = error.masked_with("it").to_string();
    format!("does not fit: {}", quoted(&text))
}

/// The part of the schema that the violated rule stands in.
fn rules_of<'s>(error: &ValidationError<'_>, schema: &'s Value) -> &'s Value {
    let rule = error.schema_path().as_str();
    let parent = rule.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema.pointer(parent).unwrap_or(&Value::Null)
}

fn known_properties(error: &ValidationError<'_>, schema: &Value) -> Vec<String> {
    let properties = rules_of(error, schema).get("properties").and_then(Value::as_object);
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

fn unknown(name: &str, known: &[String]) -> String {
    let name = quoted(name);
    match known {
        [] => format!("there is no argument \"{name}\"; this kind takes none"),
        known => format!("there is no argument \"{name}\"; there are {}", known.join(", ")),
    }
}

/// How a person calls the value at a JSON Pointer.
fn subject(pointer: &str) -> String {
    let mut segments = pointer.rsplit('/').map(unescape);
    let last = segments.next().unwrap_or_default();
    if pointer.is_empty() {
        return "the whole of the arguments".to_owned();
    }
    match (last.parse::<usize>(), segments.next()) {
        (Ok(index), Some(list)) if !list.is_empty() => format!("entry {} of {list}", index + 1),
        _ => quoted(&last),
    }
}

fn length(value: &Value, rules: &Value) -> String {
    let has = value.as_str().map_or(0, |text| text.chars().count());
    match (has, rules["minLength"].as_u64(), rules["maxLength"].as_u64()) {
        (0, Some(1), _) => "must not be empty".to_owned(),
        (has, Some(least), _) if (has as u64) < least => {
            format!("has {has} characters; it needs at least {least}")
        }
        (has, _, Some(most)) => format!("has {has} characters; at most {most} are allowed"),
        _ => "has the wrong length".to_owned(),
    }
}

fn span(least: &Value, most: &Value) -> Option<String> {
    match (least.as_f64(), most.as_f64()) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    }
}

fn types(kind: &TypeKind) -> String {
    let word = |name: &str| match name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        _ => "null",
    };
    match kind {
        TypeKind::Single(one) => word(one.as_str()).to_owned(),
        TypeKind::Multiple(set) => set.iter().map(|one| word(one.as_str())).collect::<Vec<_>>().join(" or "),
    }
}

fn words(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let words =
        options.iter().map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned));
    words.collect::<Vec<_>>().join(", ")
}

fn quoted(text: &str) -> String {
    if text.chars().count() <= MAX_QUOTED_CHARS {
        return text.to_owned();
    }
    text.chars().take(MAX_QUOTED_CHARS).chain(['…']).collect()
}

/// Appends a segment to a JSON Pointer.
pub(super) fn join(pointer: &str, segment: &str) -> String {
    format!("{pointer}/{}", segment.replace('~', "~0").replace('/', "~1"))
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}
