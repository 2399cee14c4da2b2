//! What a job returned: a response as status, headers and body; anything else as JSON.

use leptos::prelude::*;
use serde_json::{Map, Value};
use taskyard_shared::job::JobId;

#[component]
pub fn ErrorText(error: String) -> impl IntoView {
    view! {
        <section aria-labelledby="error-title">
            <h2 id="error-title">"Error"</h2>
            <pre class="code error-text" tabindex="0">{error}</pre>
        </section>
    }
}

/// `reused`: the earlier job whose result it is.
#[component]
pub fn JobResult(result: Value, reused: Option<JobId>) -> impl IntoView {
    let shown = match response(&result) {
        Some(response) => view! { <ResponseView response/> }.into_any(),
        None => view! { <JsonBlock value=result/> }.into_any(),
    };
    view! {
        <section aria-labelledby="result-title">
            <h2 id="result-title">"Result"</h2>
            {reused.map(|id| view! {
                <p class="faint">"Result of job " <a href=format!("jobs/{id}")>{format!("#{id}")}</a></p>
            })}
            {shown}
        </section>
    }
}

#[component]
pub fn JsonBlock(value: Value) -> impl IntoView {
    view! { <pre class="code" tabindex="0">{format!("{value:#}")}</pre> }
}

/// The answer of a server, as `http` jobs return it.
#[derive(Clone, Debug, PartialEq)]
struct Response {
    status: u64,
    headers: Vec<(String, String)>,
    body: String,
    /// What else there is to know.
    rest: Map<String, Value>,
}

fn response(result: &Value) -> Option<Response> {
    let mut rest = result.as_object()?.clone();
    let status = rest.remove("status")?.as_u64()?;
    let headers = match rest.remove("headers")? {
        Value::Object(headers) => headers.into_iter().map(|(name, value)| (name, plain(&value))).collect(),
        Value::Array(headers) => headers.iter().filter_map(pair).collect(),
        _ => return None,
    };
    let body = rest.remove("body").map(|body| plain(&body)).unwrap_or_default();
    Some(Response { status, headers, body: readable(body), rest })
}

fn pair(value: &Value) -> Option<(String, String)> {
    match value.as_array()?.as_slice() {
        [name, value] => Some((plain(name), plain(value))),
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// JSON is set out in lines; everything else is shown as it came.
fn readable(body: String) -> String {
    match serde_json::from_str::<Value>(&body) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => format!("{value:#}"),
        _ => body,
    }
}

#[component]
fn ResponseView(response: Response) -> impl IntoView {
    let rest = (!response.rest.is_empty()).then_some(Value::Object(response.rest));
    view! {
        <p>"Status " <strong>{response.status}</strong></p>
        <details open>
            <summary>"Headers"</summary>
            <dl class="headers">
                {response.headers.into_iter().map(|(name, value)| view! {
                    <div><dt>{name}</dt><dd>{value}</dd></div>
                }).collect_view()}
            </dl>
        </details>
        <h3>"Body"</h3>
        <pre class="code body" tabindex="0">{response.body}</pre>
        {rest.map(|rest| view! { <JsonBlock value=rest/> })}
    }
}
