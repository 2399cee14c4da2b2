//! Schemas of the types, as components of the document.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use taskyard_shared::command::Reply;

use super::words::without_links;
use crate::api::request::{SchemaOf, schema_of};

const AT: &str = "#/components/schemas/";

pub struct Schemas {
    generator: SchemaGenerator,
    replies: Map<String, Value>,
}

/// One member of an object.
pub struct Property {
    pub name: String,
    pub description: String,
    pub is_required: bool,
    pub schema: Value,
}

impl Schemas {
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
        });
        Schemas { generator: settings.into_generator(), replies: Map::new() }
    }

    /// The schema, or a reference to it.
    pub fn of(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.generator).to_value()
    }

    pub fn of_type<T: JsonSchema>(&mut self) -> Value {
        self.of(schema_of::<T>)
    }

    /// The members of an object, in the order of the document.
    pub fn properties(&mut self, object: SchemaOf) -> Vec<Property> {
        let schema = self.of(object);
        let schema = self.resolved(&schema).clone();
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let members = schema["properties"].as_object().into_iter().flatten();
        let property = |(name, schema): (&String, &Value)| {
            let mut schema = not_null(schema.clone());
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            Property {
                name: name.clone(),
                description: description.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
                is_required: required.contains(name.as_str()),
                schema,
            }
        };
        members.map(property).collect()
    }

    /// The reply with this `type`, as a component of its own.
    pub fn reply(&mut self, name: &str) -> Option<Value> {
        let component = format!("{}Reply", in_camel_case(name));
        let all = self.of_type::<Reply>();
        let variants = self.resolved(&all)["oneOf"].as_array().into_iter().flatten();
        let mut named = variants.filter(|variant| variant["properties"]["type"]["const"] == name);
        let reply = named.next()?.clone();
        self.replies.insert(component.clone(), reply);
        Some(json!({ "$ref": format!("{AT}{component}") }))
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(AT));
        name.and_then(|name| self.generator.definitions().get(name)).unwrap_or(schema)
    }

    /// Those components that `root` refers to, or that these refer to.
    pub fn into_components(mut self, root: &Value) -> Map<String, Value> {
        let mut all = self.generator.take_definitions(true);
        all.append(&mut self.replies);
        let mut wanted: Vec<String> = references(root);
        let mut components = Map::new();
        while let Some(name) = wanted.pop() {
            if let Some(mut schema) = all.remove(&name) {
                without_links(&mut schema);
                wanted.extend(references(&schema));
                components.insert(name, schema);
            }
        }
        components
    }
}

/// The names of components that are referred to.
pub fn references(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_references(value, &mut found);
    found
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                found.push(name.strip_prefix(AT).unwrap_or(name).to_owned());
            }
            members.values().for_each(|member| collect_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

/// The schema of what may be left out of a query, and can never be `null` there.
fn not_null(mut schema: Value) -> Value {
    let Some(members) = schema.as_object_mut() else { return schema };
    if members.get("default").is_some_and(Value::is_null) {
        members.remove("default");
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = members.remove("anyOf") {
        let null = json!({ "type": "null" });
        for choice in choices.into_iter().filter(|choice| *choice != null) {
            members.extend(choice.as_object().cloned().unwrap_or_default());
        }
    }
    schema
}

/// `job_added` as `JobAdded`.
fn in_camel_case(name: &str) -> String {
    let word = |word: &str| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_uppercase() + rest,
        None => String::new(),
    };
    name.split('_').map(word).collect()
}
