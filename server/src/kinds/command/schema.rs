//! The JSON Schema of the arguments: which commands there are, and for each what its parameters must be. It is made of
//! `if` and `then`, so that what is wrong is found, and named, at the parameter itself.

use serde_json::{Map, Value, json};

use super::declaration::Declaration;

/// `schema` is that of the type.
pub(super) fn narrowed<'a>(
    mut schema: Value,
    declarations: impl Iterator<Item = &'a Declaration> + Clone,
) -> Value {
    let names: Vec<&str> = declarations.clone().map(|declaration| declaration.name.as_str()).collect();
    schema["properties"]["command"]["enum"] = json!(names);
    let takes: Vec<String> = declarations.clone().map(takes).collect();
    schema["properties"]["parameters"]["description"] =
        format!("What it is told: {}.", takes.join("; ")).into();
    schema["allOf"] = declarations.map(rule).collect();
    schema
}

/// `resize takes picture, width`: for who writes the parameters by hand.
fn takes(declaration: &Declaration) -> String {
    let names: Vec<&str> = declaration.parameters.keys().map(String::as_str).collect();
    let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
    format!("{} takes {names}", declaration.name)
}

fn rule(declaration: &Declaration) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, parameter) in &declaration.parameters {
        let mut schema = parameter.schema();
        if let Some(config) = declaration.config.parameters.get(name)
            && !config.description.is_empty()
        {
            schema["description"] = config.description.as_str().into();
        }
        if parameter.default().is_none() {
            required.push(name.as_str());
        }
        properties.insert(name.clone(), schema);
    }
    let mut parameters = json!({
        "type": "object", "title": "Parameters", "properties": properties, "required": required,
        "additionalProperties": false,
    });
    if !declaration.config.description.is_empty() {
        parameters["description"] = declaration.config.description.as_str().into();
    }
    let outer: &[&str] = if required.is_empty() { &[] } else { &["parameters"] };
    json!({
        "if": { "properties": { "command": { "const": declaration.name } } },
        "then": { "properties": { "parameters": parameters }, "required": outer },
    })
}
