//! Reads a schema into fields. What has no control of its own becomes a JSON field.

use serde_json::{Map, Value};

use super::cases;

/// How deep groups may be nested; deeper ones are JSON fields.
const MAX_DEPTH: usize = 4;

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// JSON Pointer (RFC 6901) into the arguments.
    pub pointer: String,
    pub name: String,
    pub label: String,
    pub description: String,
    pub required: bool,
    pub default: Option<Value>,
    pub input: Input,
    /// Of a choice on which others hang: the fields that come with each, members of the same object. After them, those
    /// that are there without a choice.
    pub cases: Vec<Vec<Field>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Text {
        min_chars: u64,
        max_chars: Option<u64>,
        long: bool,
    },
    Number {
        integer: bool,
        min: Option<f64>,
        max: Option<f64>,
        step: Option<f64>,
    },
    Toggle,
    /// A span of time in milliseconds, written `90 s` or `7 d`.
    Span {
        min_ms: u64,
        max_ms: u64,
    },
    /// One of these values.
    Choice(Vec<Value>),
    /// Uploads, and files of other jobs: see [`super::files`].
    Files {
        shape: Shape,
        min: u64,
        max: u64,
    },
    /// A day and a time in the viewer's zone: `2027-01-31T09:00`.
    Moment,
    /// One item on each line.
    Lines {
        item: Item,
        min_items: u64,
        max_items: Option<u64>,
    },
    /// `Name: value` on each line.
    Pairs,
    Group(Vec<Field>),
    Json,
}

impl Field {
    /// A field of a form that is not made from a schema. Its name is the last part of the pointer.
    pub fn new(pointer: &str, label: &str, description: &str, input: Input) -> Self {
        Field {
            pointer: pointer.to_owned(),
            name: pointer.rsplit('/').next().unwrap_or_default().to_owned(),
            label: label.to_owned(),
            description: description.to_owned(),
            required: false,
            default: None,
            input,
            cases: Vec::new(),
        }
    }

    /// The fields that come with what is chosen here.
    pub fn case(&self, typed: &str) -> &[Field] {
        let none = self.cases.len().saturating_sub(1);
        let chosen = typed.parse::<usize>().map_or(none, |at| at.min(none));
        self.cases.get(chosen).map_or(&[], Vec::as_slice)
    }

    pub fn required(self) -> Self {
        Field { required: true, ..self }
    }

    pub fn with_default(self, value: impl Into<Value>) -> Self {
        Field { default: Some(value.into()), ..self }
    }
}

impl Input {
    /// Text without bounds of its own: the server has them.
    pub fn line() -> Self {
        Input::Text { min_chars: 1, max_chars: None, long: false }
    }

    pub fn whole(min: i64, max: i64) -> Self {
        Input::Number { integer: true, min: Some(min as f64), max: Some(max as f64), step: None }
    }
}

/// How arguments name files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The SHA-256 of one upload. The pointer is that of a text beside it that takes the file's name.
    Upload { named: Option<String> },
    /// An object that names a file, as the server's `FileArg`.
    One,
    /// A list of these.
    List,
}

/// Most files of a list that has no bound of its own.
const MAX_FILES: u64 = 1_000;

/// What the items of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    Text,
    Number,
    Integer,
}

/// The fields of an object schema in its `propertyOrder`; without it required ones first.
pub fn fields(schema: &Value) -> Vec<Field> {
    fields_under(schema, "")
}

/// The same for a form of which the object is a part, at this pointer.
pub fn fields_under(schema: &Value, pointer: &str) -> Vec<Field> {
    object_fields(schema, schema, pointer, 0)
}

pub(super) fn object_fields(root: &Value, schema: &Value, at: &str, depth: usize) -> Vec<Field> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let make = |(name, property): (&String, &Value)| {
        let mut field = field(root, property, name, &format!("{at}/{}", escape(name)), depth);
        field.required = required.contains(&name.as_str());
        field
    };
    let mut rest: Vec<Field> = properties.iter().map(make).collect();
    let mut fields = Vec::new();
    for name in schema.get("propertyOrder").and_then(Value::as_array).into_iter().flatten() {
        fields.extend(rest.iter().position(|field| *name == field.name).map(|at| rest.remove(at)));
    }
    let (required, others): (Vec<Field>, Vec<Field>) = rest.into_iter().partition(|field| field.required);
    fields.extend(required);
    fields.extend(others);
    name_uploads(&mut fields);
    cases::hang(root, schema, at, depth, &mut fields);
    fields
}

/// An upload's file gives its name to the text `name` beside it, if that may be left out.
fn name_uploads(fields: &mut [Field]) {
    let takes =
        |field: &&Field| field.name == "name" && !field.required && matches!(field.input, Input::Text { .. });
    let Some(pointer) = fields.iter().find(takes).map(|field| field.pointer.clone()) else { return };
    for field in fields {
        if let Input::Files { shape: Shape::Upload { named }, .. } = &mut field.input {
            *named = Some(pointer.clone());
        }
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn field(root: &Value, property: &Value, name: &str, pointer: &str, depth: usize) -> Field {
    let schema = resolve(root, property);
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let title = text("title");
    Field {
        pointer: pointer.to_owned(),
        name: name.to_owned(),
        label: if title.is_empty() { label(name) } else { title },
        description: text("description"),
        required: false,
        default: schema.get("default").filter(|value| !value.is_null()).cloned(),
        input: input(root, &Value::Object(schema), pointer, depth),
        cases: Vec::new(),
    }
}

/// `failure_chance` as `Failure chance`.
fn label(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut chars = spaced.chars();
    chars
        .next()
        .map_or_else(String::new, |first| std::iter::once(first.to_ascii_uppercase()).chain(chars).collect())
}

/// Follows `$ref` into this document, and takes the one alternative of `anyOf` or `oneOf` that is not null.
/// What stands beside the reference (a title, a default) wins.
fn resolve(root: &Value, property: &Value) -> Map<String, Value> {
    let mut own = property.as_object().cloned().unwrap_or_default();
    for _ in 0..8 {
        let target = if let Some(reference) = own.remove("$ref") {
            reference.as_str().and_then(|text| root.pointer(text.trim_start_matches('#'))).cloned()
        } else {
            single_alternative(&mut own)
        };
        let Some(Value::Object(target)) = target else { break };
        for (key, value) in target {
            own.entry(key).or_insert(value);
        }
    }
    own
}

fn single_alternative(own: &mut Map<String, Value>) -> Option<Value> {
    for key in ["anyOf", "oneOf", "allOf"] {
        let Some(alternatives) = own.get(key).and_then(Value::as_array) else { continue };
        let is_null = |value: &&Value| value.get("type").and_then(Value::as_str) == Some("null");
        let mut others = alternatives.iter().filter(|value| !is_null(value));
        if let (Some(only), None) = (others.next().cloned(), others.next()) {
            own.remove(key);
            return Some(only);
        }
    }
    None
}

fn choices(schema: &Value) -> Option<Vec<Value>> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().filter(|value| !value.is_null()).cloned().collect());
    }
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    alternatives.iter().map(|alternative| alternative.get("const").cloned()).collect()
}

/// The type, leaving out null where a property may also be null.
fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(names)) => {
            let mut others = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            others.next().filter(|_| others.next().is_none()).unwrap_or_default()
        }
        _ => "",
    }
}

fn input(root: &Value, schema: &Value, pointer: &str, depth: usize) -> Input {
    if let Some(choices) = choices(schema) {
        return Input::Choice(choices);
    }
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    let size = |key: &str| schema.get(key).and_then(Value::as_u64);
    match type_of(schema) {
        "string" if format_of(schema) == "upload" => {
            Input::Files { shape: Shape::Upload { named: None }, min: 1, max: 1 }
        }
        "string" => Input::Text {
            min_chars: size("minLength").unwrap_or(0),
            max_chars: size("maxLength"),
            long: is_long(schema, pointer),
        },
        kind @ ("number" | "integer") => {
            let (min, max) = (number("minimum"), number("maximum"));
            Input::Number { integer: kind == "integer", min, max, step: number("multipleOf") }
        }
        "boolean" => Input::Toggle,
        "array" => list(root, schema),
        "object" if format_of(schema) == "file" => Input::Files { shape: Shape::One, min: 1, max: 1 },
        "object" => object(root, schema, pointer, depth),
        _ => Input::Json,
    }
}

fn format_of(schema: &Value) -> &str {
    schema.get("format").and_then(Value::as_str).unwrap_or_default()
}

/// Whether a text may want more than one line: what has a format, such as an address, has not.
fn is_long(schema: &Value, pointer: &str) -> bool {
    let max_chars = schema.get("maxLength").and_then(Value::as_u64);
    format_of(schema).is_empty() && max_chars.map_or(pointer.ends_with("body"), |max| max > 2_000)
}

fn list(root: &Value, schema: &Value) -> Input {
    let items = Value::Object(schema.get("items").map(|items| resolve(root, items)).unwrap_or_default());
    let size = |key: &str| schema.get(key).and_then(Value::as_u64);
    let (min, max) = (size("minItems").unwrap_or(0), size("maxItems"));
    let item = match type_of(&items) {
        "object" if format_of(&items) == "file" => {
            return Input::Files { shape: Shape::List, min, max: max.unwrap_or(MAX_FILES) };
        }
        "string" if choices(&items).is_none() => Item::Text,
        "number" => Item::Number,
        "integer" => Item::Integer,
        _ => return Input::Json,
    };
    Input::Lines { item, min_items: min, max_items: max }
}

fn object(root: &Value, schema: &Value, pointer: &str, depth: usize) -> Input {
    let has_properties =
        schema.get("properties").and_then(Value::as_object).is_some_and(|map| !map.is_empty());
    if has_properties && depth < MAX_DEPTH {
        return Input::Group(object_fields(root, schema, pointer, depth + 1));
    }
    match schema.get("additionalProperties") {
        // What takes nothing at all still has its title and its description.
        Some(Value::Bool(false)) if !has_properties => Input::Group(Vec::new()),
        Some(values) if !has_properties && type_of(values) == "string" => Input::Pairs,
        _ => Input::Json,
    }
}
