//! The document as one page: no scripts, nothing from elsewhere.

use std::fmt::{self, Display, Write};

use serde_json::Value;

use super::schemas::references;
use crate::api::routes::{PREFIX, Route, Tag, table};

const STYLE: &str = include_str!("page.css");
/// Stands for the address of the server, which only a request tells.
const ORIGIN: &str = "\u{1}";

/// The page, for any server.
pub fn page(document: &Value) -> String {
    let mut out = String::with_capacity(256 * 1024);
    // Writing to a string cannot fail.
    let _ = write_page(&mut out, document);
    out
}

/// The page of the server at this address.
pub fn at(page: &str, origin: &str) -> String {
    page.replace(ORIGIN, &Text(origin).to_string())
}

/// Text that is shown as it is.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Text with names in backticks.
struct Prose<'a>(&'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, words) in self.0.split('`').enumerate() {
            match place % 2 {
                0 => write!(f, "{}", Text(words))?,
                _ => write!(f, "<code>{}</code>", Text(words))?,
            }
        }
        Ok(())
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn write_page(out: &mut String, document: &Value) -> fmt::Result {
    let info = &document["info"];
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Taskyard API</title><style>{STYLE}</style></head><body><header>\
         <h1>Taskyard API <small>{version}</small></h1><p>{about}</p>\
         <p>For programs: <a href=\"v1/openapi.json\">openapi.json</a> (OpenAPI 3.1). \
         <a href=\"../\">To the board</a></p></header>",
        version = Text(text_of(&info["version"])),
        about = Prose(text_of(&info["description"])),
    )?;
    let routes = table();
    write_contents(out, &routes)?;
    out.push_str("<main>");
    for tag in Tag::ALL {
        write!(out, "<section><h2 id=\"{0}\">{0}</h2><p>{1}</p>", tag.as_str(), Prose(tag.description()))?;
        for route in routes.iter().filter(|route| route.tag == tag) {
            let operation = &document["paths"][format!("{PREFIX}{}", route.path)][route.verb.key()];
            write_operation(out, route, operation)?;
        }
        out.push_str("</section>");
    }
    out.push_str("<section><h2 id=\"Types\">Types</h2>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        write_type(out, name, schema)?;
    }
    out.push_str("</section></main></body></html>");
    Ok(())
}

fn write_contents(out: &mut String, routes: &[Route]) -> fmt::Result {
    out.push_str("<nav aria-label=\"Contents\"><ul>");
    for tag in Tag::ALL {
        write!(out, "<li><a href=\"#{0}\">{0}</a><ul>", tag.as_str())?;
        for route in routes.iter().filter(|route| route.tag == tag) {
            write!(out, "<li><a href=\"#{}\">{}</a></li>", route.id, Text(route.summary))?;
        }
        out.push_str("</ul></li>");
    }
    out.push_str("<li><a href=\"#Types\">Types</a></li></ul></nav>");
    Ok(())
}

fn write_operation(out: &mut String, route: &Route, operation: &Value) -> fmt::Result {
    let verb = route.verb.method();
    write!(
        out,
        "<article id=\"{id}\"><h3><span class=\"verb {key}\">{verb}</span> <code>{PREFIX}{path}</code></h3>\
         <p><b>{summary}.</b> {notes}</p>",
        id = route.id,
        key = route.verb.key(),
        path = Text(route.path),
        summary = Text(route.summary),
        notes = Prose(route.notes),
    )?;
    write_parameters(out, &operation["parameters"])?;
    let body = &operation["requestBody"];
    for (media_type, content) in members(&body["content"]) {
        out.push_str("<h4>Body</h4>");
        write_content(out, media_type, content, text_of(&body["description"]))?;
    }
    write_answers(out, &operation["responses"])?;
    write!(out, "<h4>Try it</h4><pre tabindex=\"0\">{}</pre></article>", Text(&curl(route, operation)))
}

fn write_parameters(out: &mut String, parameters: &Value) -> fmt::Result {
    let Some(parameters) = parameters.as_array() else { return Ok(()) };
    out.push_str("<h4>Parameters</h4><dl>");
    for parameter in parameters {
        let must = if parameter["required"] == true { " (required)" } else { "" };
        write!(
            out,
            "<dt><code>{}</code> <span class=\"soft\">{}{must}, {}{}</span></dt><dd>{}</dd>",
            Text(text_of(&parameter["name"])),
            Text(text_of(&parameter["in"])),
            type_of(&parameter["schema"]),
            unless_said(&parameter["schema"]),
            Prose(text_of(&parameter["description"])),
        )?;
    }
    out.push_str("</dl>");
    Ok(())
}

fn write_content(out: &mut String, media_type: &str, content: &Value, says: &str) -> fmt::Result {
    write!(out, "<p>{} <span class=\"soft\">{}", Prose(says), Text(media_type))?;
    if content["schema"].is_object() {
        write!(out, ", {}", type_of(&content["schema"]))?;
    }
    out.push_str("</span></p>");
    if content["example"].is_null() {
        return Ok(());
    }
    let example = serde_json::to_string_pretty(&content["example"]).unwrap_or_default();
    write!(out, "<details><summary>Example</summary><pre tabindex=\"0\">{}</pre></details>", Text(&example))
}

fn write_answers(out: &mut String, responses: &Value) -> fmt::Result {
    out.push_str("<h4>Answers</h4><dl>");
    for (status, response) in members(responses) {
        write!(out, "<dt><code>{}</code></dt><dd>", Text(status))?;
        for (media_type, content) in members(&response["content"]) {
            write_content(out, media_type, content, text_of(&response["description"]))?;
        }
        out.push_str("</dd>");
    }
    out.push_str("</dl>");
    Ok(())
}

fn write_type(out: &mut String, name: &str, schema: &Value) -> fmt::Result {
    write!(
        out,
        "<article id=\"type-{0}\"><h3>{0}</h3><p>{1}</p>",
        Text(name),
        Prose(text_of(&schema["description"])),
    )?;
    write_shape(out, schema)?;
    out.push_str("</article>");
    Ok(())
}

/// The members of an object, the choices of a type that has several, or its plain type.
fn write_shape(out: &mut String, schema: &Value) -> fmt::Result {
    if schema["properties"].is_object() {
        return write_members(out, schema);
    }
    let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) else {
        return write!(out, "<p class=\"soft\">{}</p>", type_of(schema));
    };
    out.push_str("<ul class=\"choices\">");
    for choice in choices {
        write!(out, "<li>{}", Prose(text_of(&choice["description"])))?;
        write_shape(out, choice)?;
        out.push_str("</li>");
    }
    out.push_str("</ul>");
    Ok(())
}

fn write_members(out: &mut String, schema: &Value) -> fmt::Result {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("<dl>");
    for (name, member) in members(&schema["properties"]) {
        let must = if required.contains(&name.as_str()) { "" } else { ", may be left out" };
        write!(
            out,
            "<dt><code>{}</code> <span class=\"soft\">{}{must}{}</span></dt><dd>{}</dd>",
            Text(name),
            type_of(member),
            unless_said(member),
            Prose(text_of(&member["description"])),
        )?;
    }
    out.push_str("</dl>");
    Ok(())
}

/// What holds where the member is left out.
fn unless_said(schema: &Value) -> String {
    match &schema["default"] {
        Value::Null => String::new(),
        default => format!(", <code>{}</code> unless said", Text(&default.to_string())),
    }
}

/// A type in few words, with links to those that have a name.
fn type_of(schema: &Value) -> String {
    if schema["$ref"].is_string()
        && let Some(name) = references(schema).first()
    {
        return format!("<a href=\"#type-{0}\">{0}</a>", Text(name));
    }
    for choices in [&schema["anyOf"], &schema["oneOf"]] {
        if let Some(choices) = choices.as_array() {
            return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if !schema["const"].is_null() {
        return format!("<code>{}</code>", Text(&schema["const"].to_string()));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().map(|value| format!("<code>{}</code>", Text(&value.to_string())));
        return values.collect::<Vec<_>>().join(" or ");
    }
    if schema["items"].is_object() {
        return format!("list of {}", type_of(&schema["items"]));
    }
    match &schema["type"] {
        Value::String(name) => Text(name).to_string(),
        Value::Array(names) => names.iter().map(text_of).collect::<Vec<_>>().join(" or "),
        _ => "any JSON".to_owned(),
    }
}

/// A line for the shell that makes this request.
fn curl(route: &Route, operation: &Value) -> String {
    let mut path = route.path.to_owned();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let sample = match &parameter["example"] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        path = path.replace(&format!("{{{}}}", text_of(&parameter["name"])), &sample);
    }
    let mut line = "curl".to_owned();
    let content = &operation["requestBody"]["content"];
    let is_file = content["application/octet-stream"].is_object();
    if route.verb.key() != "get" && !(route.verb.key() == "post" && content.is_object()) {
        line += &format!(" -X {}", route.verb.method());
    }
    if content["application/json"].is_object() {
        let body = content["application/json"]["example"].to_string().replace('\'', r"'\''");
        line += &format!(" -H 'content-type: application/json' \\\n  -d '{body}' \\\n ");
    } else if is_file {
        line += " --data-binary @photo.jpg";
        path += "?name=photo.jpg";
    }
    format!("{line} '{ORIGIN}{PREFIX}{path}'")
}
