//! Forms: from schemas to fields, and from what was typed to arguments or errors.

use serde_json::{Value, json};
use taskyard_shared::error::FieldError;

use super::model::Item;
use super::*;

fn demo() -> Vec<Field> {
    fields(&json!({
        "type": "object",
        "required": ["name"],
        "properties": {
            "duration": { "type": "number", "minimum": 1, "maximum": 30, "multipleOf": 0.1, "default": 3.0 },
            "failure_chance": { "type": "number", "minimum": 0, "maximum": 1, "default": 0.05 },
            "name": { "type": "string", "minLength": 1, "maxLength": 10, "title": "What to call it" },
        }
    }))
}

fn set(fields: &[Field], pairs: &[(&str, &str)]) -> Values {
    let mut values = initial(fields);
    values.extend(pairs.iter().map(|(pointer, typed)| ((*pointer).to_owned(), (*typed).to_owned())));
    values
}

#[test]
fn required_fields_come_first_and_defaults_are_filled_in() {
    let fields = demo();
    let labels: Vec<&str> = fields.iter().map(|field| field.label.as_str()).collect();
    assert_eq!(labels, ["What to call it", "Duration", "Failure chance"]);
    assert_eq!(initial(&fields)["/duration"], "3");
    assert_eq!(initial(&fields)["/failure_chance"], "0.05");
}

#[test]
fn filled_form_becomes_arguments_with_whole_numbers_kept_whole() {
    let fields = demo();
    let values = set(&fields, &[("/name", "a"), ("/failure_chance", "")]);
    assert_eq!(build(&fields, &values), Ok(json!({ "name": "a", "duration": 3 })));
    for tenths in 10..=300 {
        let typed = format!("{}.{}", tenths / 10, tenths % 10);
        assert!(build(&fields, &set(&fields, &[("/name", "a"), ("/duration", &typed)])).is_ok(), "{typed}");
    }
}

#[test]
fn each_bad_value_is_an_error_at_its_field() {
    let fields = demo();
    for (pointer, typed, message) in [
        ("/name", "", "Fill this in."),
        ("/name", "12345678901", "At most 10 characters; these are 11."),
        ("/duration", "31", "From 1 to 30."),
        ("/duration", "-1", "From 1 to 30."),
        ("/duration", "1.55", "In steps of 0.1."),
        ("/duration", "NaN", "A number, please."),
        ("/duration", "abc", "A number, please."),
    ] {
        let values = set(&fields, &[("/name", "a"), (pointer, typed)]);
        let expected = FieldError { field: pointer.into(), message: message.into() };
        assert_eq!(build(&fields, &values), Err(vec![expected]), "{typed}");
    }
}

#[test]
fn numbers_are_read_however_somebody_writes_them() {
    let fields = fields(&json!({ "properties": { "n": { "type": "number" } } }));
    for (typed, number) in [
        ("7", json!(7)),
        ("007", json!(7)),
        ("+7", json!(7)),
        ("0", json!(0)),
        ("0,5", json!(0.5)),
        (".5", json!(0.5)),
        ("-.5", json!(-0.5)),
        ("5.", json!(5.0)),
        ("1e3", json!(1000.0)),
        ("0.1", json!(0.1)),
    ] {
        assert_eq!(build(&fields, &set(&fields, &[("/n", typed)])), Ok(json!({ "n": number })), "{typed}");
    }
    for typed in ["-", ".", "+-1", "1.2.3", "1 2", "e5", ".e5", "inf", "1e999", "0x10"] {
        assert!(build(&fields, &set(&fields, &[("/n", typed)])).is_err(), "{typed}");
    }
}

#[test]
fn references_nullable_types_and_enums_are_understood() {
    let fields = fields(&json!({
        "$defs": { "Format": { "type": "string", "enum": ["webp", "png"] } },
        "required": ["source"],
        "properties": {
            "source": { "type": "string", "format": "upload" },
            "format": { "$ref": "#/$defs/Format", "default": "png" },
            "quality": { "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "null" }] },
            "retries": { "type": ["integer", "null"] },
            "method": { "oneOf": [{ "const": "GET" }, { "const": "POST" }] },
            "odd": { "type": ["integer", "string"] },
        }
    }));
    let input = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.input.clone());
    assert_eq!(input("source"), Some(Input::Upload));
    assert_eq!(input("format"), Some(Input::Choice(vec![json!("webp"), json!("png")])));
    assert_eq!(
        input("quality"),
        Some(Input::Number { integer: true, min: Some(1.0), max: None, step: None })
    );
    assert_eq!(input("retries"), Some(Input::Number { integer: true, min: None, max: None, step: None }));
    assert_eq!(input("method"), Some(Input::Choice(vec![json!("GET"), json!("POST")])));
    assert_eq!(input("odd"), Some(Input::Json));
    assert_eq!(
        build(&fields, &set(&fields, &[("/source", "abc")])),
        Ok(json!({ "source": "abc", "format": "png" }))
    );
}

#[test]
fn bodies_and_long_texts_have_several_lines() {
    let fields = fields(&json!({ "properties": {
        "body": { "type": "string" },
        "query": { "type": "string", "maxLength": 100_000 },
        "title": { "type": "string" },
        "url": { "type": "string", "maxLength": 8192 },
    }}));
    let is_long = |field: &Field| matches!(field.input, Input::Text { long: true, .. });
    let long: Vec<&str> =
        fields.iter().filter(|field| is_long(field)).map(|field| field.name.as_str()).collect();
    assert_eq!(long, ["body", "query"]);
}

#[test]
fn lists_maps_groups_and_json_are_read_from_text() {
    let fields = fields(&json!({ "properties": {
        "sizes": { "type": "array", "items": { "type": "integer" }, "default": [320, 1024], "minItems": 1 },
        "headers": { "type": "object", "additionalProperties": { "type": "string" }, "default": { "A": "b" } },
        "tags": { "type": "array", "items": { "type": "string" } },
        "crop": { "type": "object", "properties": { "left": { "type": "integer" } } },
        "steps": { "type": "array", "items": { "type": "object" } },
    }}));
    let values = initial(&fields);
    assert_eq!((values["/sizes"].as_str(), values["/headers"].as_str()), ("320\n1024", "A: b"));
    let typed =
        [("/sizes", "64, 128"), ("/headers", "X: y: z\n\n"), ("/tags", "a b\nc"), ("/crop/left", "2")];
    let mut values = set(&fields, &typed);
    values.insert("/steps".into(), "[{}]".into());
    let expected = json!({
        "sizes": [64, 128], "headers": { "X": "y: z" }, "tags": ["a b", "c"], "crop": { "left": 2 }, "steps": [{}]
    });
    assert_eq!(build(&fields, &values), Ok(expected));

    let wrong = set(&fields, &[("/sizes", "x"), ("/headers", "no colon"), ("/steps", "[")]);
    let errors = build(&fields, &wrong).expect_err("three fields are wrong");
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn a_group_that_may_be_left_out_is_unless_somebody_began_to_fill_it_in() {
    let fields = fields(&json!({ "properties": { "crop": {
        "type": "object",
        "properties": { "left": { "type": "integer" }, "width": { "type": "integer" }, "round": { "type": "boolean" } },
        "required": ["left", "width", "round"],
    } } }));
    assert_eq!(build(&fields, &initial(&fields)), Ok(json!({})));
    let begun = set(&fields, &[("/crop/left", "2")]);
    let errors = build(&fields, &begun).expect_err("the width is missing");
    assert_eq!(errors[0].field, "/crop/width");
}

#[test]
fn unknown_shapes_become_json_fields() {
    let fields = fields(&json!({ "properties": { "any": {}, "list": { "type": "array" } } }));
    assert!(fields.iter().all(|field| field.input == Input::Json));
    assert!(super::fields(&Value::Null).is_empty());
}

#[test]
fn errors_of_inner_values_are_shown_at_the_field_that_has_them() {
    let fields = fields(&json!({ "properties": {
        "sizes": { "type": "array", "items": { "type": "integer" } },
        "size": { "type": "integer" },
    }}));
    let errors = [FieldError { field: "/sizes/0".into(), message: "Too big.".into() }];
    let of = |name: &str| fields.iter().find(|field| field.name == name).and_then(|f| error_for(&errors, f));
    assert_eq!((of("sizes").as_deref(), of("size")), (Some("Too big."), None));
    assert_eq!(
        fields.iter().find(|f| f.name == "sizes").map(|f| f.input.clone()),
        Some(Input::Lines { item: Item::Integer, min_items: 0, max_items: None })
    );
}
