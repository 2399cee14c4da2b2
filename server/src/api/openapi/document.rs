//! The table of routes as an OpenAPI document.

use serde_json::{Map, Value, json};
use taskyard_shared::error::ErrorCode;

use super::schemas::Schemas;
use super::words::without_links;
use crate::api::problem::{self, ProblemBody};
use crate::api::request::{Header, Part};
use crate::api::routes::{Content, PREFIX, Route, Success, Tag, table};

const DESCRIPTION: &str = "Everything that the board and the command line do can be done here. Times are \
milliseconds since the Unix epoch unless they are text (RFC 3339). Whatever is answered is stored, and survives a \
power cut. Every error is a problem (RFC 9457) with a `code` for programs and a sentence in `detail` for people; those \
with the status 503 carry `Retry-After`. A path that does not exist answers 404, and a wrong method 405 with `Allow`. A \
query or a body that a path does not take is refused, but for an empty object. A body of which nothing more comes for 30 \
seconds is answered with 408. \
`GET` may be `HEAD`. The liveness, the readiness and the metrics of the server are at `/healthz`, `/readyz` and \
`/metrics`, and the live protocol at `/ws`.";

/// Errors that any route may answer: the request brought what its route does not take, or came under a name that is not
/// the server's.
const ALWAYS: [ErrorCode; 2] = [ErrorCode::BadRequest, ErrorCode::ForbiddenOrigin];
/// And those of routes that ask the yard.
const ASKING: [ErrorCode; 3] = [ErrorCode::Overloaded, ErrorCode::Unavailable, ErrorCode::StoreFailed];

pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in table() {
        let path = paths.entry(format!("{PREFIX}{}", route.path)).or_insert_with(|| json!({}));
        path[route.verb.key()] = operation(&route, &mut schemas);
    }
    let mut paths = Value::Object(paths);
    without_links(&mut paths);
    let components = schemas.into_components(&paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Taskyard",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": Tag::ALL.map(|tag| json!({ "name": tag.as_str(), "description": tag.description() })),
        "paths": paths,
        "components": { "schemas": components },
    })
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "tags": [route.tag.as_str()],
        "summary": route.summary,
        "responses": responses(route, schemas),
    });
    if !route.notes.is_empty() {
        operation["description"] = route.notes.into();
    }
    let parameters = parameters(route, schemas);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = body(route, schemas) {
        operation["requestBody"] = body;
    }
    operation
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let mut parameters = path_parameters(route, schemas);
    for part in &route.request {
        match part {
            Part::Query { object } => {
                parameters.extend(schemas.properties(*object).into_iter().map(|property| {
                    json!({
                        "name": property.name,
                        "in": "query",
                        "required": property.is_required,
                        "description": property.description,
                        "schema": property.schema,
                    })
                }));
            }
            Part::Header(header) => parameters.push(header_parameter(header)),
            Part::Path { .. } | Part::Json(_) | Part::File { .. } => {}
        }
    }
    parameters
}

/// What is between braces in the path.
fn path_parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let described = route.request.iter().find_map(|part| match part {
        Part::Path { description, schema } => Some((*description, *schema)),
        _ => None,
    });
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let (description, schema) = match described {
            Some((description, schema)) => (description, schemas.of(schema)),
            None if name == "id" => ("The job's number.", json!({ "type": "integer", "minimum": 1 })),
            None => ("The file's name.", json!({ "type": "string" })),
        };
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": schema,
            "example": sample(route.tag, name),
        })
    };
    names.map(parameter).collect()
}

fn sample(tag: Tag, name: &str) -> Value {
    match (name, tag) {
        ("id", Tag::Operations) => json!(3),
        ("id", _) => json!(12),
        (_, Tag::Queues) => json!("demo"),
        (_, Tag::Limits) => json!("per-customer"),
        (_, Tag::Schedules) => json!("nightly-report"),
        (_, _) => json!("photo-640.webp"),
    }
}

fn header_parameter(header: &Header) -> Value {
    json!({
        "name": header.name,
        "in": "header",
        "required": false,
        "description": header.description,
        "schema": { "type": "string", "minLength": 1, "maxLength": header.max_bytes, "pattern": "^[!-~]+$" },
    })
}

fn body(route: &Route, schemas: &mut Schemas) -> Option<Value> {
    route.request.iter().find_map(|part| match part {
        Part::Json(json) => {
            let mut content = json!({ "schema": schemas.of(json.schema) });
            if let Some(example) = &route.example {
                content["example"] = example.clone();
            }
            Some(json!({
                "required": true,
                "description": format!("At most {} KiB.", json.max_bytes / 1024),
                "content": { "application/json": content },
            }))
        }
        Part::File { max_bytes } => Some(json!({
            "required": true,
            "description": format!("The content of the file, at most {} MiB.", max_bytes / 1024 / 1024),
            "content": { "application/octet-stream": {} },
        })),
        Part::Path { .. } | Part::Query { .. } | Part::Header(_) => None,
    })
}

fn responses(route: &Route, schemas: &mut Schemas) -> Value {
    let mut responses = Map::new();
    for success in &route.successes {
        responses.insert(success.status.to_string(), response(success, schemas));
    }
    let problem = schemas.of_type::<ProblemBody<'_>>();
    for code in errors(route) {
        let status = problem::status(code).as_u16().to_string();
        let words = format!("{} (`{}`)", problem::title(code), code.as_str());
        let response = responses.entry(status).or_insert_with(
            || json!({ "description": "", "content": { "application/problem+json": { "schema": problem } } }),
        );
        response["description"] = match response["description"].as_str() {
            None | Some("") => format!("{words}."),
            Some(others) => format!("{}; {words}.", others.trim_end_matches('.')),
        }
        .into();
    }
    Value::Object(responses)
}

fn response(success: &Success, schemas: &mut Schemas) -> Value {
    let (media_type, content) = match &success.content {
        Content::Json { schema, example } => {
            let mut content = json!({ "schema": schemas.of(*schema) });
            if let Some(example) = example {
                content["example"] = example.clone();
            }
            ("application/json", content)
        }
        Content::Reply { name, example } => {
            let schema = schemas.reply(name).expect("a test asks for the reply of every route");
            ("application/json", json!({ "schema": schema, "example": example }))
        }
        Content::Other { media_type } => (*media_type, json!({})),
    };
    json!({ "description": success.description, "content": { media_type: content } })
}

/// What a route may answer when something is wrong, without doubles.
fn errors(route: &Route) -> Vec<ErrorCode> {
    let mut errors: Vec<ErrorCode> = route.errors.to_vec();
    for part in &route.request {
        match part {
            Part::Json(_) => errors.push(ErrorCode::TooLarge),
            Part::Query { .. } => errors.push(ErrorCode::InvalidQuery),
            Part::Path { .. } | Part::Header(_) | Part::File { .. } => {}
        }
    }
    if route.path.contains("{id}") {
        errors.push(ErrorCode::NotFound);
    }
    errors.extend(ALWAYS);
    if route.tag != Tag::Server {
        errors.extend(ASKING);
    }
    let mut seen = Vec::new();
    errors.retain(|code| {
        let is_new = !seen.contains(code);
        seen.push(*code);
        is_new
    });
    errors.sort_by_key(|code| problem::status(*code).as_u16());
    errors
}
