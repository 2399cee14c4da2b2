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
fn order_of_the_schema_goes_before_any_other() {
    let fields = fields(&json!({
        "properties": { "bcc": { "type": "string" }, "subject": { "type": "string" }, "to": { "type": "string" } },
        "required": ["subject"],
        "propertyOrder": ["to", "bcc"],
    }));
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["to", "bcc", "subject"]);
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
    let upload = Input::Files { shape: Shape::Upload { named: None }, min: 1, max: 1 };
    assert_eq!(input("source"), Some(upload));
    assert_eq!(input("format"), Some(Input::Choice(vec![json!("webp"), json!("png")])));
    assert_eq!(
        input("quality"),
        Some(Input::Number { integer: true, min: Some(1.0), max: None, step: None })
    );
    assert_eq!(input("retries"), Some(Input::Number { integer: true, min: None, max: None, step: None }));
    assert_eq!(input("method"), Some(Input::Choice(vec![json!("GET"), json!("POST")])));
    assert_eq!(input("odd"), Some(Input::Json));
    assert_eq!(
        build(&fields, &set(&fields, &[("/source", r#"[{"upload":"abc"}]"#)])),
        Ok(json!({ "source": "abc", "format": "png" }))
    );
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
    let twice =
        build(&fields, &set(&fields, &[("/headers", "A: 1\nA: 2")])).expect_err("one of them would be lost");
    assert_eq!(twice[0].message, "\"A\" stands there twice.");
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

/// As the server says what its declared commands take.
fn commands() -> Vec<Field> {
    let rule = |name: &str, parameters: Value, required: Value| {
        json!({
            "if": { "properties": { "command": { "const": name } } },
            "then": { "properties": { "parameters": parameters }, "required": required },
        })
    };
    let strict = |properties: Value, required: Value| {
        json!({
            "type": "object", "title": "Parameters", "description": "What it does.", "properties": properties,
            "required": required, "additionalProperties": false,
        })
    };
    let width = json!({ "type": "integer", "minimum": 1, "maximum": 9, "description": "In inches." });
    let sizes = json!({ "type": "string", "enum": ["small", "large"], "default": "large" });
    fields(&json!({
        "required": ["command"],
        "properties": {
            "command": { "type": "string", "enum": ["cut", "nothing", "wrap"] },
            "parameters": { "type": "object", "description": "What it is told: cut takes width" },
        },
        "allOf": [
            rule("cut", strict(json!({ "width": width }), json!(["width"])), json!(["parameters"])),
            rule("nothing", strict(json!({}), json!([])), json!([])),
            rule("wrap", strict(json!({ "width": sizes }), json!([])), json!([])),
        ],
    }))
}

#[test]
fn choice_brings_the_fields_that_hang_on_it() {
    let fields = commands();
    assert_eq!(fields.len(), 1, "the parameters hang on the command");
    let Input::Group(inner) = &fields[0].case("0")[0].input else { panic!("{fields:?}") };
    assert_eq!((inner[0].pointer.as_str(), inner[0].required), ("/parameters/width", true));
    assert_eq!(inner[0].description, "In inches.");
    assert_eq!(fields[0].case("1")[0].input, Input::Group(Vec::new()));
    assert_eq!(fields[0].case("1")[0].description, "What it does.");
    assert!(fields[0].case("").is_empty() && fields[0].case("3").is_empty());
}

#[test]
fn only_what_is_chosen_is_built_and_judged() {
    let fields = commands();
    let errors = build(&fields, &initial(&fields)).expect_err("the width is missing");
    assert_eq!(errors, [FieldError { field: "/parameters/width".into(), message: "Fill this in.".into() }]);
    assert!(unplaced(&fields, &initial(&fields), &errors).is_empty());
    assert_eq!(unplaced(&fields, &set(&fields, &[("/command", "1")]), &errors), ["Fill this in."]);
    let cut = set(&fields, &[("/parameters/width", "3")]);
    assert_eq!(build(&fields, &cut), Ok(json!({ "command": "cut", "parameters": { "width": 3 } })));
    let nothing = set(&fields, &[("/command", "1"), ("/parameters/width", "3")]);
    assert_eq!(build(&fields, &nothing), Ok(json!({ "command": "nothing" })));
    let wrap = filled(&fields, Some(&json!({ "command": "wrap", "parameters": { "width": "small" } })));
    assert_eq!((wrap["/command"].as_str(), wrap["/parameters/width"].as_str()), ("2", "0"));
    assert_eq!(build(&fields, &wrap), Ok(json!({ "command": "wrap", "parameters": { "width": "small" } })));
}

/// A wrapping that may be left out, and what it does to a ribbon and a card, which are there without it too.
fn wrapping(more: Value) -> Vec<Field> {
    let mut schema = json!({
        "properties": {
            "paper": { "enum": ["plain", "gift"] },
            "ribbon": { "type": "string" },
            "card": { "type": "string" },
        },
        "allOf": [
            {
                "if": { "properties": { "paper": { "const": "gift" } } },
                "then": {
                    "properties": { "paper": { "title": "Paper" }, "card": { "type": "string", "maxLength": 5 } },
                    "required": ["paper", "ribbon"],
                },
            },
        ],
    });
    schema["allOf"][0]
        .as_object_mut()
        .into_iter()
        .for_each(|rule| rule.extend(more.as_object().cloned().unwrap_or_default()));
    fields(&schema)
}

#[test]
fn a_rule_may_ask_for_what_is_there_without_it() {
    let fields = wrapping(json!({}));
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["paper"], "the choice does not hang on itself");
    let required = |typed: &str| {
        let of_case = fields[0].case(typed).iter();
        of_case.map(|field| (field.name.as_str(), field.required)).collect::<Vec<_>>()
    };
    assert_eq!(required("1"), [("ribbon", true), ("card", false)]);
    assert_eq!(required("0"), [("card", false), ("ribbon", false)]);
    assert_eq!(required(""), required("0"), "nothing is chosen");
    let typed = set(&fields, &[("/card", "too long")]);
    assert_eq!(build(&fields, &typed), Ok(json!({ "card": "too long" })));
    let gift = set(&fields, &[("/paper", "1"), ("/card", "too long")]);
    assert_eq!(build(&fields, &gift).map_err(|errors| errors.len()), Err(2));
}

#[test]
fn a_rule_with_an_else_is_left_to_the_server() {
    let fields = wrapping(json!({ "else": { "required": ["card"] } }));
    assert_eq!(fields.len(), 3, "{fields:?}");
    assert!(fields.iter().all(|field| field.cases.is_empty() && !field.required));
}

#[test]
fn error_of_a_listed_file_is_its_rows() {
    let file = json!({ "type": "object", "format": "file" });
    let fields = fields(&json!({ "properties": { "all": { "type": "array", "items": file } } }));
    let errors = [FieldError { field: "/all/1/job".into(), message: "no such job".into() }];
    assert_eq!(error_for(&errors, &fields[0]), None);
    assert_eq!(error_at(&errors, "/all/1").as_deref(), Some("No such job."));
    assert!(unplaced(&fields, &initial(&fields), &errors).is_empty());
}

#[test]
fn emptied_form_keeps_the_choice_that_other_fields_hang_on() {
    let fields = commands();
    let wrap = filled(&fields, Some(&json!({ "command": "wrap", "parameters": { "width": "small" } })));
    let emptied = again(&fields, &wrap);
    assert_eq!((emptied["/command"].as_str(), emptied["/parameters/width"].as_str()), ("2", "1"));
}

#[test]
fn files_are_asked_for_by_their_format() {
    let file =
        json!({ "type": "object", "format": "file", "properties": { "upload": { "type": "string" } } });
    let fields = fields(&json!({
        "properties": {
            "pictures": { "type": "array", "items": file, "minItems": 1, "maxItems": 100 },
            "cover": file,
            "source": { "type": "string", "format": "upload" },
            "name": { "type": "string" },
        },
        "required": ["source"],
    }));
    let shape = |name: &str| match fields.iter().find(|field| field.name == name).map(|field| &field.input) {
        Some(Input::Files { shape, max, .. }) => Some((shape.clone(), *max)),
        _ => None,
    };
    assert_eq!(shape("pictures"), Some((Shape::List, 100)));
    assert_eq!(shape("cover"), Some((Shape::One, 1)));
    assert_eq!(shape("source"), Some((Shape::Upload { named: Some("/name".into()) }, 1)));
}

#[test]
fn texts_of_many_characters_get_room_unless_they_have_a_format() {
    let text = |max: u64| json!({ "type": "string", "maxLength": max });
    let address = json!({ "type": "string", "maxLength": 8192, "format": "uri" });
    let body = json!({ "type": "string" });
    let fields = fields(&json!({ "properties": {
        "subject": text(500), "html": text(200_000), "url": address, "body": body, "title": body,
    } }));
    let long = |field: &Field| matches!(field.input, Input::Text { long: true, .. });
    let names: Vec<&str> =
        fields.iter().filter(|field| long(field)).map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["body", "html"]);
}
