//! What a schema says with `if` and `then`: other fields, and others that are required, for each choice of one property.

use serde_json::{Map, Value, json};

use super::model::{Field, Input, object_fields};

/// If the property is this, then so are the others.
struct Rule<'a> {
    property: &'a str,
    is: &'a Value,
    then: &'a Value,
}

/// Those about the property that the first of them names: a form has one choice that others hang on.
fn rules(schema: &Value) -> Vec<Rule<'_>> {
    let all = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    let mut rules: Vec<Rule> = std::iter::once(schema).chain(all).filter_map(rule).collect();
    if let Some(property) = rules.first().map(|first| first.property) {
        rules.retain(|rule| rule.property == property);
    }
    rules
}

/// None for a condition of any other shape, or with an `else`: then the server alone knows of it.
fn rule(schema: &Value) -> Option<Rule<'_>> {
    let mut conditions = schema.pointer("/if/properties")?.as_object()?.iter();
    let (property, condition) = conditions.next()?;
    let (is, then) = (condition.get("const")?, schema.get("then")?);
    let is_plain = conditions.next().is_none() && schema.get("else").is_none();
    is_plain.then_some(Rule { property, is, then })
}

/// The fields by the choice that they hang on. Those that hang on it are moved out of `fields` and below it.
pub(super) fn hang(root: &Value, schema: &Value, at: &str, depth: usize, fields: &mut Vec<Field>) {
    let rules = rules(schema);
    let chooser = rules.first().and_then(|rule| fields.iter_mut().find(|field| field.name == rule.property));
    let Some(Field { name, required, input: Input::Choice(choices), cases, .. }) = chooser else { return };
    let defined = rules.iter().filter_map(|rule| properties(rule.then)).flat_map(Map::keys);
    let asked_for = rules.iter().flat_map(|rule| required_by(rule.then));
    let named = defined.map(String::as_str).chain(asked_for).filter(|other| other != name);
    let hanging: Vec<String> = named.map(str::to_owned).collect();
    let case =
        |choice: Option<&Value>| object_fields(root, &chosen(schema, &rules, &hanging, choice), at, depth);
    *cases = choices.iter().map(|choice| case(Some(choice))).collect();
    cases.push(if *required { Vec::new() } else { case(None) });
    fields.retain(|field| !hanging.contains(&field.name));
}

fn required_by(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

/// The schema of what hangs on a choice, once that is made, or of what is left of it without one. A rule goes before what
/// holds for all choices.
fn chosen(schema: &Value, rules: &[Rule], hanging: &[String], choice: Option<&Value>) -> Value {
    let made: Vec<&Value> =
        rules.iter().filter(|rule| Some(rule.is) == choice).map(|rule| rule.then).collect();
    let holding = || made.iter().copied().chain([schema]);
    let property = |name: &String| {
        let said = holding().find_map(|schema| properties(schema)?.get(name))?;
        Some((name.clone(), said.clone()))
    };
    json!({
        "properties": hanging.iter().filter_map(property).collect::<Map<String, Value>>(),
        "required": holding().flat_map(required_by).collect::<Vec<_>>(),
        "propertyOrder": schema.get("propertyOrder"),
    })
}
