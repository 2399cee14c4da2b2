//! The document of the API: it is served, and what the server really answers is what it says.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use taskyard_shared::job::JobState;
use taskyard_tests::api::{Answer, Api};
use taskyard_tests::server::TestServer;

use crate::{assert_problem, demo};

/// What a server says of itself.
struct Document(Value);

impl Document {
    async fn of(api: &Api) -> Result<Self> {
        api.get("/api/v1/openapi.json").await?.json().map(Document)
    }

    /// Path, verb and operation of each.
    fn operations(&self) -> Vec<(String, String, Value)> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().into_iter().flatten() {
            for (verb, operation) in item.as_object().into_iter().flatten() {
                operations.push((path.clone(), verb.clone(), operation.clone()));
            }
        }
        operations
    }

    fn operation(&self, id: &str) -> Result<(String, String, Value)> {
        let found = self.operations().into_iter().find(|(_, _, operation)| operation["operationId"] == id);
        found.with_context(|| format!("there is no operation {id}"))
    }

    /// Whether the answer is one that the operation may give, and its body of the type that it says.
    #[track_caller]
    fn assert_allows(&self, operation: &Value, answer: &Answer) {
        let context = format!("{} {}: {}", operation["operationId"], answer.status, answer.text());
        let response = &operation["responses"][answer.status.to_string()];
        let content = response["content"].as_object().unwrap_or_else(|| panic!("not announced: {context}"));
        let media_type = answer.header("content-type").split(';').next().unwrap_or_default().to_owned();
        let content = content.get(&media_type).unwrap_or_else(|| panic!("{media_type}: {context}"));
        if content["schema"].is_object() {
            let schema = json!({ "allOf": [content["schema"]], "components": self.0["components"] });
            let validator = jsonschema::validator_for(&schema).expect("a valid schema");
            let body: Value = answer.json().expect("JSON");
            let errors: Vec<String> = validator.iter_errors(&body).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:?}: {context}");
        }
    }
}

/// The example of each parameter in the path's place; `ids` in the place of numbers.
fn filled(path: &str, operation: &Value, id: &str) -> String {
    let mut path = path.replace("{id}", id);
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if let (Some(name), Some(example)) = (parameter["name"].as_str(), parameter["example"].as_str()) {
            path = path.replace(&format!("{{{name}}}"), example);
        }
    }
    path
}

/// Makes the request of the document's own example.
async fn request(api: &Api, (path, verb, operation): &(String, String, Value), id: &str) -> Result<Answer> {
    let method: Method = verb.to_uppercase().parse()?;
    let mut path = filled(path, operation, id);
    let content = &operation["requestBody"]["content"];
    let (media_type, body) = match content["application/json"]["example"] {
        Value::Null => ("application/octet-stream", String::new()),
        ref example => ("application/json", example.to_string()),
    };
    if content["application/octet-stream"].is_object() {
        path += "?name=photo.jpg";
    }
    api.send(method, &path, &[("content-type", media_type)], body).await
}

#[tokio::test]
async fn every_operation_answers_as_the_document_says_even_on_an_empty_server() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let document = Document::of(&api).await?;
    assert!(document.operations().len() > 35, "{}", document.operations().len());
    for operation in document.operations() {
        let answer = request(&api, &operation, "999").await?;
        document.assert_allows(&operation.2, &answer);
        assert!(answer.status != 404 || !answer.text().contains("there is no GET"), "{}", answer.text());
    }
    Ok(())
}

#[tokio::test]
async fn what_is_answered_when_all_is_well_is_of_the_type_that_the_document_says() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let document = Document::of(&api).await?;
    let done = api.add(&demo("done", 1)).await?;
    api.job_when(done, JobState::Completed).await?;
    api.patch("/api/v1/queues/demo", &json!({ "paused": true })).await?;
    let mut seen = BTreeSet::new();
    // In an order in which each finds what it needs: job 1 has ended, and those of the examples wait.
    for (id, job) in [
        ("showJob", "1"),
        ("showLog", "1"),
        ("explainJob", "1"),
        ("addJobs", ""),
        ("showBatch", "2"),
        ("addJob", ""),
        ("listJobs", ""),
        ("changeJob", "2"),
        ("explainJob", "3"),
        ("cancelJob", "2"),
        ("retryJob", "2"),
        ("deleteJob", "1"),
        ("clearJobs", ""),
        ("upload", ""),
        ("setLimit", ""),
        ("listLimits", ""),
        ("showLimit", ""),
        ("removeLimit", ""),
        ("setSchedule", ""),
        ("pauseSchedule", ""),
        ("resumeSchedule", ""),
        ("runSchedule", ""),
        ("listSchedules", ""),
        ("showSchedule", ""),
        ("removeSchedule", ""),
        ("previewSchedule", ""),
        ("startOperation", ""),
        ("listOperations", ""),
        ("showOperation", "1"),
        ("undoOperation", "1"),
        ("listQueues", ""),
        ("showQueue", ""),
        ("changeQueue", ""),
        ("pauseQueue", ""),
        ("resumeQueue", ""),
        ("drainQueue", ""),
        ("showServices", ""),
        ("dropCached", ""),
        ("listKinds", ""),
        ("showSource", ""),
        ("showDocument", ""),
    ] {
        let operation = document.operation(id)?;
        let answer = request(&api, &operation, job).await?;
        assert!((200..300).contains(&answer.status), "{id}: {}", answer.text());
        document.assert_allows(&operation.2, &answer);
        seen.insert(id.to_owned());
    }
    let all = document.operations().into_iter();
    let unseen: Vec<String> = all
        .filter_map(|(_, _, operation)| operation["operationId"].as_str().map(str::to_owned))
        .filter(|id| !seen.contains(id))
        .collect();
    assert_eq!(unseen, ["getArtifact", "getInput"], "the tests of files ask for those");
    Ok(())
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_problems_everywhere() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    for (method, path, allow) in [
        (Method::PUT, "/api/v1/jobs", "GET, HEAD, POST"),
        (Method::POST, "/api/v1/limits/a", "GET, HEAD, PUT, DELETE"),
        (Method::POST, "/metrics", "GET, HEAD"),
        (Method::DELETE, "/", "GET, HEAD"),
    ] {
        let answer = api.send(method, path, &[], Bytes::new()).await?;
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    for path in ["/api/v1/nothing", "/api/v1/jobs/1/nothing", "/api/v2/jobs", "/api"] {
        assert_problem(&api.get(path).await?, 404, "not_found");
        assert_problem(&api.post(path, &json!({})).await?, 404, "not_found");
    }
    for path in ["/healthz", "/readyz", "/api/v1/queues"] {
        let answer = api.send(Method::HEAD, path, &[], Bytes::new()).await?;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn the_page_for_people_is_one_file_that_loads_nothing() -> Result<()> {
    let server = TestServer::start()?;
    let api = Api::new(server.address());
    let page = api.get("/api/docs").await?;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let text = page.text();
    assert!(text.contains(&server.url("/api/v1/jobs/bulk")), "its lines can be copied into a shell");
    for word in ["<script", "src=", "https://"] {
        assert!(!text.contains(word), "{word}");
    }
    Ok(())
}
