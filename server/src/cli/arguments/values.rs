//! Words as values. Bounds and required arguments are the server's to check: it says all that is wrong at
//! once.

use serde_json::{Map, Number, Value};

use super::schema::{Schema, Shape};

/// Adds each `key=value` to `args`. A pair wins over what was there; naming a key twice is a mistake.
///
/// # Errors
/// A sentence that names the pair.
pub fn from_pairs(args: &mut Map<String, Value>, pairs: &[String], schema: Schema<'_>) -> Result<(), String> {
    let mut seen: Vec<&str> = Vec::new();
    for pair in pairs {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(format!("\"{pair}\" is not an argument; write it as key=value"));
        };
        if seen.contains(&key) {
            return Err(format!("{key} is given twice"));
        }
        seen.push(key);
        let property = schema.property(key).ok_or_else(|| unknown(key, schema))?;
        let value = value(text, property).map_err(|wanted| format!("{key}: \"{text}\" is not {wanted}"))?;
        args.insert(key.to_owned(), value);
    }
    Ok(())
}

/// The value that `text` stands for, or what it ought to have been.
fn value(text: &str, schema: Schema<'_>) -> Result<Value, &'static str> {
    let shape = schema.shape();
    if text == "null" && shape != Shape::Text && schema.is_nullable() {
        return Ok(Value::Null);
    }
    match shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        Shape::Integer => integer(text).ok_or("a whole number"),
        Shape::Number => number(text).ok_or("a number"),
        Shape::Boolean => text.parse().map(Value::Bool).map_err(|_| "true or false"),
        Shape::List => list(text, schema),
        Shape::Object => serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or("a JSON object such as {\"key\":\"value\"}"),
        Shape::Any => Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))),
    }
}

/// A JSON list, or items between commas.
fn list(text: &str, schema: Schema<'_>) -> Result<Value, &'static str> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text).map_err(|_| "a JSON list such as [1,2]");
    }
    let Some(items) = schema.items() else { return Err("a JSON list such as [1,2]") };
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| value(word, items)).collect::<Result<Vec<Value>, _>>().map(Value::Array)
}

fn integer(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

/// JSON knows neither infinities nor NaN.
fn number(text: &str) -> Option<Value> {
    integer(text).or_else(|| text.trim().parse().ok().and_then(Number::from_f64).map(Value::Number))
}

fn unknown(key: &str, schema: Schema<'_>) -> String {
    let names: Vec<&str> = schema.properties().map(|(name, _)| name).collect();
    match names.as_slice() {
        [] => format!("there is no argument {key}: this kind takes none"),
        names => format!("there is no argument {key}; this kind takes {}", names.join(", ")),
    }
}
