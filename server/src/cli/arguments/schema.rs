//! As much of JSON Schema as tells how to read a word: references, types, choices, the upload format.

use serde_json::{Map, Value};

/// A schema within the document that its references point into.
#[derive(Clone, Copy)]
pub struct Schema<'a> {
    root: &'a Value,
    here: &'a Value,
}

/// What a word becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    Integer,
    Number,
    Boolean,
    List,
    Object,
    /// The schema does not say.
    Any,
}

/// References that point in a circle end here.
const MAX_HOPS: usize = 16;

impl<'a> Schema<'a> {
    /// The schema of a kind's arguments.
    pub fn new(root: &'a Value) -> Self {
        Schema { root, here: root }
    }

    /// The arguments by name, with their schemas.
    pub fn properties(&self) -> impl Iterator<Item = (&'a str, Schema<'a>)> + use<'a> {
        let root = self.root;
        self.map("properties")
            .into_iter()
            .flatten()
            .map(move |(name, here)| (name.as_str(), Schema { root, here }))
    }

    pub fn property(&self, name: &str) -> Option<Schema<'a>> {
        self.properties().find(|(known, _)| *known == name).map(|(_, schema)| schema)
    }

    /// The arguments whose schema depends on what is given: those behind `if` and `then` where a constant is.
    pub fn properties_for(&self, given: &Map<String, Value>) -> Vec<(&'a str, Schema<'a>)> {
        let rules = self.here.get("allOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let applies = |rule: &&Value| {
            let wanted = rule.pointer("/if/properties").and_then(Value::as_object);
            wanted.is_some_and(|wanted| {
                wanted.iter().all(|(name, says)| {
                    says.get("const").is_some_and(|constant| given.get(name) == Some(constant))
                })
            })
        };
        let then = rules.iter().filter(applies).filter_map(|rule| rule.get("then"));
        then.flat_map(|here| Schema { root: self.root, here }.properties()).collect()
    }

    pub fn is_required(&self, name: &str) -> bool {
        let required = self.here.get("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|required| required == name))
    }

    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.resolved().get(key).or_else(|| self.here.get(key)).and_then(Value::as_str)
    }

    pub fn value(&self, key: &str) -> Option<&'a Value> {
        self.here.get(key).or_else(|| self.resolved().get(key))
    }

    /// The schema of a list's items.
    pub fn items(&self) -> Option<Schema<'a>> {
        Some(Schema { root: self.root, here: self.resolved().get("items")? })
    }

    /// Whether the value is the SHA-256 sum of an upload.
    pub fn is_upload(&self) -> bool {
        self.text("format") == Some("upload")
    }

    /// Whether the value names a file: an upload, or an artifact of another job.
    pub fn is_file(&self) -> bool {
        self.text("format") == Some("file")
    }

    /// Whether `null` is a value.
    pub fn is_nullable(&self) -> bool {
        let null = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "null");
        let listed =
            |kinds: &Value| kinds.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "null"));
        self.here.get("type").is_some_and(listed) || self.alternatives(self.here).iter().any(null)
    }

    pub fn shape(&self) -> Shape {
        let schema = self.resolved();
        let named = match schema.get("type") {
            Some(Value::String(name)) => Some(name.as_str()),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            _ => None,
        };
        match named {
            Some("string") => Shape::Text,
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            Some("array") => Shape::List,
            Some("object") => Shape::Object,
            _ if self.choices().is_empty() => Shape::Any,
            _ => Shape::Text,
        }
    }

    /// The texts that are allowed, when the schema lists them.
    pub fn choices(&self) -> Vec<&'a str> {
        let schema = self.resolved();
        match schema.get("enum").and_then(Value::as_array) {
            Some(listed) => listed.iter().filter_map(Value::as_str).collect(),
            None => {
                let alternatives = self.alternatives(schema).iter();
                alternatives.filter_map(|one| one.get("const").and_then(Value::as_str)).collect()
            }
        }
    }

    /// What the schema comes to behind references and behind "this or null".
    fn resolved(&self) -> &'a Value {
        let mut schema = self.here;
        for _ in 0..MAX_HOPS {
            let target = schema.get("$ref").and_then(Value::as_str);
            if let Some(target) = target.and_then(|pointer| pointer.strip_prefix('#')) {
                match self.root.pointer(target) {
                    Some(found) => schema = found,
                    None => return schema,
                }
                continue;
            }
            let mut others = self
                .alternatives(schema)
                .iter()
                .filter(|one| one.get("type").is_none_or(|kind| kind != "null"));
            match (others.next(), others.next()) {
                (Some(only), None) if schema.get("type").is_none() => schema = only,
                _ => return schema,
            }
        }
        schema
    }

    fn alternatives(&self, schema: &'a Value) -> &'a [Value] {
        let either = schema.get("anyOf").or_else(|| schema.get("oneOf"));
        either.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn map(&self, key: &str) -> Option<&'a Map<String, Value>> {
        self.here.get(key).and_then(Value::as_object)
    }
}
