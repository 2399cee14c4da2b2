//! Words, by schema.

use serde_json::{Map, Value, json};

use super::*;

/// As `schemars` writes them: definitions behind references, options as "this or null".
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "count": { "type": "integer", "minimum": 0 },
            "duration": { "type": "number" },
            "loud": { "type": "boolean" },
            "sizes": { "type": "array", "items": { "type": "integer" } },
            "headers": { "type": "object" },
            "format": { "$ref": "#/$defs/Format" },
            "maybe": { "anyOf": [{ "$ref": "#/$defs/Format" }, { "type": "null" }] },
            "quality": { "type": ["integer", "null"] },
            "free": true,
            "photo": { "type": "string", "format": "upload" },
        },
        "required": ["name"],
        "$defs": { "Format": { "oneOf": [{ "const": "webp", "type": "string" }, { "const": "png" }] } },
    })
}

fn read(pairs: &[&str]) -> Result<Value, String> {
    let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
    let mut args = Map::new();
    from_pairs(&mut args, &pairs, Schema::new(&schema())).map(|()| Value::Object(args))
}

#[test]
fn words_become_what_the_schema_says() {
    let cases = [
        ("name=3", json!({ "name": "3" })),
        ("name=", json!({ "name": "" })),
        ("name=a=b", json!({ "name": "a=b" })),
        ("count=-3", json!({ "count": -3 })),
        ("count=18446744073709551615", json!({ "count": u64::MAX })),
        ("duration=3", json!({ "duration": 3 })),
        ("duration=0.5", json!({ "duration": 0.5 })),
        ("loud=true", json!({ "loud": true })),
        ("sizes=320, 640", json!({ "sizes": [320, 640] })),
        ("sizes=[1,2]", json!({ "sizes": [1, 2] })),
        ("sizes=", json!({ "sizes": [] })),
        ("headers={\"a\":\"b\"}", json!({ "headers": { "a": "b" } })),
        ("format=webp", json!({ "format": "webp" })),
        ("maybe=png", json!({ "maybe": "png" })),
        ("quality=80", json!({ "quality": 80 })),
        ("quality=null", json!({ "quality": null })),
        ("free=7", json!({ "free": 7 })),
        ("free=word", json!({ "free": "word" })),
    ];
    for (pair, expected) in cases {
        assert_eq!(read(&[pair]), Ok(expected), "{pair}");
    }
}

#[test]
fn words_that_do_not_fit_are_named() {
    let cases: [(&[&str], &str); 9] = [
        (&["name"], "\"name\" is not an argument; write it as key=value"),
        (&["nmae=x"], "there is no argument nmae; this kind takes count, duration"),
        (&["name=a", "name=b"], "name is given twice"),
        (&["count=1.5"], "count: \"1.5\" is not a whole number"),
        (&["duration=NaN"], "duration: \"NaN\" is not a number"),
        (&["duration=long"], "duration: \"long\" is not a number"),
        (&["loud=yes"], "loud: \"yes\" is not true or false"),
        (&["sizes=1,b"], "sizes: \"1,b\" is not a whole number"),
        (&["headers=[1]"], "headers: \"[1]\" is not a JSON object"),
    ];
    for (pairs, expected) in cases {
        let error = read(pairs).expect_err("it must be refused");
        assert!(error.starts_with(expected), "{pairs:?} gives {error}");
    }
}

#[test]
fn pairs_win_over_json() {
    let mut args = Map::from_iter([("name".to_owned(), json!("old")), ("count".to_owned(), json!(1))]);
    from_pairs(&mut args, &["name=new".to_owned()], Schema::new(&schema())).unwrap();
    assert_eq!(Value::Object(args), json!({ "name": "new", "count": 1 }));
}

#[test]
fn choices_are_found_behind_references() {
    let schema = schema();
    let property = Schema::new(&schema).property("maybe").unwrap();
    assert_eq!(property.choices(), ["webp", "png"]);
}

#[test]
fn uploads_go_into_parameters_of_the_chosen_command() {
    let file = json!({ "type": "string", "format": "upload" });
    let rule = |command: &str, parameters: Value| {
        json!({
            "if": { "properties": { "command": { "const": command } } },
            "then": { "properties": { "parameters": { "type": "object", "properties": parameters } } },
        })
    };
    let schema = json!({
        "properties": { "command": { "type": "string" }, "parameters": { "type": "object" } },
        "allOf": [rule("a", json!({ "x": file, "n": {} })), rule("b", json!({ "y": file }))],
    });
    let fill = |args: Value| {
        let Value::Object(mut args) = args else { panic!("not an object") };
        fill_uploads(&mut args, &["s".to_owned()], Schema::new(&schema)).map(|()| Value::Object(args))
    };
    let cases = [
        (json!({ "command": "b" }), Ok(json!({ "command": "b", "parameters": { "y": "s" } }))),
        (
            json!({ "command": "a", "parameters": { "n": 1 } }),
            Ok(json!({ "command": "a", "parameters": { "n": 1, "x": "s" } })),
        ),
        (
            json!({ "command": "a", "parameters": { "x": "t" } }),
            Err("more files are given than this kind has arguments for"),
        ),
        (json!({ "command": "c" }), Err("this kind takes no files")),
        (json!({}), Err("this kind takes no files")),
    ];
    for (args, expected) in cases {
        assert_eq!(fill(args.clone()), expected, "{args}");
    }
}

#[test]
fn uploads_go_where_the_schema_wants_them() {
    let fill = |schema: Value, sums: &[&str]| {
        let sums: Vec<String> = sums.iter().map(|sum| (*sum).to_owned()).collect();
        let mut args = Map::new();
        fill_uploads(&mut args, &sums, Schema::new(&schema)).map(|()| Value::Object(args))
    };
    let list = json!({ "properties": { "files": { "type": "array", "items": { "format": "upload" } } } });
    assert_eq!(fill(schema(), &["s1"]), Ok(json!({ "photo": "s1" })));
    assert_eq!(fill(schema(), &["s1", "s2"]), Err("more files are given than this kind has arguments for"));
    assert_eq!(fill(list, &["s1", "s2"]), Ok(json!({ "files": ["s1", "s2"] })));
    assert_eq!(fill(json!({ "properties": {} }), &["s1"]), Err("this kind takes no files"));
    assert_eq!(fill(schema(), &[]), Ok(json!({})));
}
