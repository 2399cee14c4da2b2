//! The document is whole, says what the types say, and its page shows all of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};
use taskyard_shared::command::Reply;

use super::document::document;
use super::page::{at, page};
use super::schemas::references;
use crate::api::request::Part;
use crate::api::routes::{Content, PREFIX, Route, table};

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

fn operation(route: &Route) -> &'static Value {
    &DOCUMENT["paths"][format!("{PREFIX}{}", route.path)][route.verb.key()]
}

/// Checks values against a schema of the document.
fn validator(schema: &Value) -> jsonschema::Validator {
    let schema = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    jsonschema::validator_for(&schema).expect("a valid JSON Schema")
}

#[test]
fn every_route_of_the_table_is_an_operation_and_no_other() {
    let mut operations = 0;
    for item in DOCUMENT["paths"].as_object().expect("paths").values() {
        operations += item.as_object().expect("an item").len();
    }
    assert_eq!(operations, table().len());
    for route in table() {
        let operation = operation(&route);
        assert_eq!(operation["operationId"], route.id);
        assert!(
            operation["responses"].as_object().is_some_and(|responses| responses.len() >= 2),
            "{}",
            route.id
        );
        for response in operation["responses"].as_object().into_iter().flatten() {
            assert!(response.1["description"].as_str().is_some_and(|text| !text.is_empty()), "{response:?}");
        }
    }
}

#[test]
fn every_reference_resolves_and_every_component_is_referred_to() {
    let components: BTreeSet<String> =
        DOCUMENT["components"]["schemas"].as_object().expect("components").keys().cloned().collect();
    let used: BTreeSet<String> = references(&DOCUMENT).into_iter().collect();
    assert_eq!(components, used);
    assert!(components.len() > 40, "{components:?}");
}

#[test]
fn every_component_is_a_valid_schema() {
    let dialect = jsonschema::draft202012::meta::validator();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("components") {
        let errors: Vec<String> = dialect.iter_errors(schema).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn every_parameter_of_a_path_is_declared_and_no_parameter_twice() {
    for route in table() {
        let mut declared = BTreeSet::new();
        for parameter in operation(&route)["parameters"].as_array().into_iter().flatten() {
            let (name, place) = (parameter["name"].as_str(), parameter["in"].as_str());
            assert!(declared.insert((name, place)), "{}: {name:?}", route.id);
            assert!(
                parameter["description"].as_str().is_some() && parameter["schema"].is_object(),
                "{parameter}"
            );
        }
        let in_path = declared.iter().filter(|(_, place)| *place == Some("path")).count();
        assert_eq!(in_path, route.path.matches('{').count(), "{}", route.id);
    }
}

#[test]
fn every_example_is_accepted_by_its_type() {
    for route in table() {
        for part in &route.request {
            if let Part::Json(json) = part {
                let example = route.example.as_ref().expect("every body has an example");
                assert_eq!((json.check)(example), Ok(()), "{}", route.id);
            }
        }
        for success in &route.successes {
            if let Content::Reply { name, example } = &success.content {
                let reply: Reply = serde_json::from_value(example.clone())
                    .unwrap_or_else(|error| panic!("{}: {error}", route.id));
                assert_eq!(serde_json::to_value(&reply).expect("JSON")["type"], *name, "{}", route.id);
            }
        }
    }
}

/// The value anew for each object in it, with a list of that object's fields in its place, and with an empty one.
fn with_lists(value: &Value) -> Vec<Value> {
    let Some(fields) = value.as_object() else { return Vec::new() };
    let mut wrong = vec![json!([]), fields.values().cloned().collect()];
    for (name, field) in fields.iter().filter(|(name, _)| *name != "args") {
        for field in with_lists(field) {
            let mut fields = fields.clone();
            fields.insert(name.clone(), field);
            wrong.push(Value::Object(fields));
        }
    }
    wrong
}

#[test]
fn no_list_in_a_body_is_taken_for_an_object() {
    for route in table() {
        for part in &route.request {
            if let Part::Json(json) = part {
                for wrong in with_lists(route.example.as_ref().expect("every body has an example")) {
                    assert!((json.check)(&wrong).is_err(), "{}: {wrong}", route.id);
                }
            }
        }
    }
}

#[test]
fn every_example_is_accepted_by_its_schema() {
    let mut checked = 0;
    for route in table() {
        let operation = operation(&route);
        let bodies = [&operation["requestBody"]].into_iter();
        let answers = operation["responses"].as_object().into_iter().flatten().map(|(_, response)| response);
        for content in bodies.chain(answers).filter_map(|holder| holder["content"].as_object()).flatten() {
            let (schema, example) = (&content.1["schema"], &content.1["example"]);
            if !example.is_null() {
                let errors: Vec<String> =
                    validator(schema).iter_errors(example).map(|error| error.to_string()).collect();
                assert!(errors.is_empty(), "{}: {errors:?} in {example}", route.id);
                checked += 1;
            }
        }
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn no_sentence_speaks_of_code() {
    let text = DOCUMENT.to_string();
    for word in ["crate::", "taskyard_shared::", "[`"] {
        assert!(!text.contains(word), "{word} in {}", &text[text.find(word).unwrap_or_default()..][..200]);
    }
}

#[test]
fn a_query_is_described_as_its_type_reads_it() {
    let operation = &DOCUMENT["paths"]["/api/v1/jobs"]["get"];
    let parameters = operation["parameters"].as_array().expect("parameters");
    let named =
        |name: &str| parameters.iter().find(|parameter| parameter["name"] == name).expect("it is there");
    assert_eq!(named("limit")["schema"]["default"], 100);
    assert_eq!(named("limit")["description"], "Most rows: 1 to 500.");
    assert_eq!(named("batch")["schema"], json!({ "$ref": "#/components/schemas/BatchId" }));
    assert_eq!(named("kind")["schema"], json!({ "type": "string" }));
    assert_eq!(parameters.len(), 8);
}

#[test]
fn the_page_shows_every_operation_and_type_and_loads_nothing() {
    let page = at(&page(&DOCUMENT), "http://localhost:8080");
    for route in table() {
        assert!(page.contains(&format!("<article id=\"{}\">", route.id)), "{}", route.id);
    }
    for name in DOCUMENT["components"]["schemas"].as_object().expect("components").keys() {
        assert!(page.contains(&format!("id=\"type-{name}\"")), "{name}");
    }
    for link in page.split("href=\"#").skip(1) {
        let target = link.split('"').next().unwrap_or_default();
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    for word in ["<script", "<link", "<img", "src=", "url(", "@import", "https://"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("curl -X DELETE &#39;http://localhost:8080/api/v1/limits/per-customer&#39;"));
    assert!(page.contains(r"Monday&#39;\&#39;&#39;s reports"), "a quote is written as a shell wants it");
    assert!(page.len() < 400 * 1024, "{}", page.len());
}

#[test]
fn what_a_request_says_of_itself_stays_text() {
    let page = at(&page(&DOCUMENT), "http://\"><script>");
    assert!(!page.contains("<script>"));
}
