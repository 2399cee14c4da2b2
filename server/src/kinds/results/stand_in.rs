//! Values that stand in for results before there are any, so that a worker can read the rest of the arguments and
//! give the job its name.

use serde_json::{Value, json};

use super::placeholder::replace;

/// Text that is not known yet.
pub(in crate::kinds) const STAND_IN: &str = "…";

/// The arguments with something of the right type at each of the places, by the schema as far as that says it.
/// Also tells whether nothing but [`STAND_IN`] was put in, so that what is made from them shows what is not known.
pub(in crate::kinds) fn stand_in(args: &Value, schema: &Value) -> (Value, bool) {
    let mut args = args.clone();
    let mut only_text = true;
    replace(&mut args, &mut String::new(), &mut |_, at| {
        let value = some_value(part_of(schema, at));
        only_text &= value == STAND_IN;
        Some(value)
    });
    (args, only_text)
}

/// The part of the schema that is about the value at `pointer`.
pub(super) fn part_of<'s>(schema: &'s Value, pointer: &str) -> &'s Value {
    let inside = |schema: &'s Value, segment: &str| {
        let name = segment.replace("~1", "/").replace("~0", "~");
        let rest = if segment.parse::<usize>().is_ok() { "items" } else { "additionalProperties" };
        schema
            .get("properties")
            .and_then(|known| known.get(name))
            .or_else(|| schema.get(rest))
            .unwrap_or(&Value::Null)
    };
    pointer.split('/').skip(1).fold(schema, inside)
}

fn some_value(schema: &Value) -> Value {
    if let Some(default) = schema.get("default") {
        return default.clone();
    }
    if let Some(option) = schema["enum"].as_array().and_then(|options| options.first()) {
        return option.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(several) => several.first().unwrap_or(&Value::Null),
        one => one,
    };
    match kind.as_str() {
        Some("string") => STAND_IN.into(),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(0)),
        Some("boolean") => false.into(),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_gets_a_value_of_its_type() {
        let wanted = json!({"$result": {"job": 1}});
        let schema = json!({"properties": {
            "text": {"type": "string"},
            "count": {"type": ["integer", "null"], "minimum": 3},
            "kind": {"enum": ["a", "b"]},
            "given": {"type": "string", "default": "d"},
            "list": {"type": "array", "items": {"type": "boolean"}},
            "map": {"additionalProperties": {"type": "string"}},
        }});
        let args = json!({
            "text": wanted, "count": wanted, "kind": wanted, "given": wanted, "list": [wanted],
            "map": {"x": wanted}, "strange": wanted, "own": 1,
        });
        let expected = json!({
            "text": "…", "count": 3, "kind": "a", "given": "d", "list": [false], "map": {"x": "…"},
            "strange": null, "own": 1,
        });
        assert_eq!(stand_in(&args, &schema), (expected, false));
        assert_eq!(stand_in(&json!({"text": wanted}), &schema), (json!({"text": "…"}), true));
    }
}
