//! Uploading, and getting files back.

use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body, read_body_json};
use actix_web::{App, web};
use bytes::Bytes;
use serde_json::{Value, json};
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobOptions, JobState, JobSummary, Progress};
use taskyard_shared::limits::MAX_UPLOAD_BYTES;
use taskyard_shared::view::JobsQuery;

use super::FilesApi;
use crate::files::FileStore;
use crate::kinds::tests::{TestFiles, test_files};
use crate::store::{
    CommitSeq, EndedJob, IdempotencyKey, InsertResult, JobsPage, LogPage, StoreError, StoreReader,
    WaitingFacts,
};

/// A store with job 7 alone, which has these files.
struct OneJob {
    artifacts: Vec<FileRef>,
    inputs: Vec<FileRef>,
}

impl StoreReader for OneJob {
    fn list(&self, _: &JobsQuery) -> Result<JobsPage, StoreError> {
        Ok(JobsPage { rows: Vec::new(), more: false, as_of: CommitSeq(0), scanned_to: None })
    }
    fn job(&self, id: JobId) -> Result<Option<JobDetail>, StoreError> {
        Ok((id == JobId(7)).then(|| detail(&self.inputs, &self.artifacts)))
    }
    fn artifact(&self, id: JobId, name: &str) -> Result<Option<FileRef>, StoreError> {
        let found = self.artifacts.iter().find(|file| id == JobId(7) && file.name == name);
        Ok(found.cloned())
    }
    fn ended(&self, _: EndedJob, _: u32) -> Result<Vec<Arc<JobSummary>>, StoreError> {
        Ok(Vec::new())
    }
    fn unreferenced(&self, _: &[String]) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
    fn log(&self, _: JobId, _: Option<u32>, _: u32) -> Result<LogPage, StoreError> {
        Ok(LogPage::default())
    }
    fn answered(&self, _: &IdempotencyKey, _: i64) -> Result<Option<InsertResult>, StoreError> {
        Ok(None)
    }
    fn batch(&self, _: BatchId) -> Result<Option<BatchStatus>, StoreError> {
        Ok(None)
    }
    fn waiting_facts(&self, _: JobId) -> Result<Option<WaitingFacts>, StoreError> {
        Ok(None)
    }
}

fn detail(inputs: &[FileRef], artifacts: &[FileRef]) -> JobDetail {
    let job = JobSummary {
        id: JobId(7),
        kind: "image".to_owned(),
        queue: "image".to_owned(),
        name: "x".to_owned(),
        detail: String::new(),
        state: JobState::Completed,
        progress: Progress::DONE,
        attempt: 1,
        failures: 0,
        max_attempts: 1,
        priority: 0,
        batch: None,
        run_at_ms: None,
        created_at_ms: 0,
        started_at_ms: None,
        finished_at_ms: None,
        error: None,
    };
    let (inputs, artifacts) = (inputs.to_vec(), artifacts.to_vec());
    JobDetail {
        job,
        args: json!({}),
        result: None,
        reused: None,
        error: None,
        attempts: Vec::new(),
        inputs,
        artifacts,
        options: JobOptions::default(),
        after: Vec::new(),
        before: Vec::new(),
    }
}

/// The API over these files and that store, as a function from request to response.
async fn app(files: &Arc<FileStore>, reader: OneJob) -> impl AsyncFn(TestRequest) -> ServiceResponse + use<> {
    let api = FilesApi { files: Arc::clone(files), reader: Arc::new(reader) };
    let app = App::new().app_data(web::Data::new(api)).configure(crate::api::configure);
    let app = init_service(app).await;
    async move |request: TestRequest| call_service(&app, request.to_request()).await
}

fn nothing() -> OneJob {
    OneJob { artifacts: Vec::new(), inputs: Vec::new() }
}

/// Asks for a file of job 7 that has this type and content.
async fn get(media_type: &str, name: &str, more: (header::HeaderName, &str)) -> ServiceResponse {
    let TestFiles { files, .. } = &test_files();
    let file = files.put(name, media_type, b"some content").expect("stored");
    let app = app(files, OneJob { artifacts: vec![file], inputs: Vec::new() }).await;
    let request = TestRequest::get().uri("/api/v1/jobs/7/artifacts/the.file").insert_header(more);
    app(request).await
}

fn header_of<'a>(response: &'a ServiceResponse, name: &str) -> &'a str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[actix_web::test]
async fn an_upload_is_stored_and_described_by_its_content() {
    let test = test_files();
    let app = app(&test.files, nothing()).await;
    let request = TestRequest::post().uri("/api/v1/uploads?name=Gr%C3%BC%C3%9Fe%20%281%29.txt");
    let response = app(request.set_payload("hello")).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let file: FileRef = read_body_json(response).await;
    assert_eq!(
        (file.name.as_str(), file.media_type.as_str(), file.bytes),
        ("Grüße (1).txt", "text/plain", 5)
    );
    assert_eq!(test.files.read(&file.sha256).expect("stored"), b"hello");
}

#[actix_web::test]
async fn bad_uploads_are_refused_with_a_problem() {
    let test = test_files();
    let app = app(&test.files, nothing()).await;
    for (query, what) in
        [("name=../x", "\"../x\" is not a plain file name"), ("name=", "\"\" is not a plain")]
    {
        let request = TestRequest::post().uri(&format!("/api/v1/uploads?{query}")).set_payload("x");
        let response = app(request).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(header_of(&response, "content-type"), "application/problem+json");
        let problem: Value = read_body_json(response).await;
        assert!(problem["detail"].as_str().is_some_and(|text| text.starts_with(what)), "{problem}");
    }
    let request = TestRequest::post().uri("/api/v1/uploads").set_payload("x");
    assert_eq!(app(request).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[actix_web::test]
async fn an_upload_that_is_too_large_is_refused_announced_or_not() {
    let test = test_files();
    let app = app(&test.files, nothing()).await;
    let post = || TestRequest::post().uri("/api/v1/uploads?name=x");
    let announced = post().insert_header((header::CONTENT_LENGTH, MAX_UPLOAD_BYTES + 1));
    let body = Bytes::from(vec![0; usize::try_from(MAX_UPLOAD_BYTES).expect("it fits") + 1]);
    for request in [announced, post().set_payload(body)] {
        let response = app(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let problem: Value = read_body_json(response).await;
        assert_eq!(problem["detail"], "the file is larger than 50 MiB");
    }
}

#[actix_web::test]
async fn an_artifact_comes_whole_with_headers_that_keep_it_harmless() {
    let response = get("image/webp", "the.file", (header::ACCEPT, "*/*")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header_of(&response, "content-type"), "image/webp");
    assert_eq!(header_of(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header_of(&response, "content-security-policy"), "sandbox; default-src 'none'");
    let disposition = header_of(&response, "content-disposition");
    assert_eq!(disposition, "inline; filename=\"the.file\"; filename*=UTF-8''the.file");
    assert_eq!(read_body(response).await, "some content");
}

#[actix_web::test]
async fn what_a_browser_could_run_is_only_saved() {
    for media_type in
        ["text/html", "image/svg+xml", "application/pdf", "text/html; charset=utf-8", "nonsense"]
    {
        let response = get(media_type, "the.file", (header::ACCEPT, "*/*")).await;
        assert_eq!(header_of(&response, "content-type"), "application/octet-stream", "{media_type}");
        assert!(header_of(&response, "content-disposition").starts_with("attachment;"), "{media_type}");
    }
    let text = get("text/plain", "the.file", (header::ACCEPT, "*/*")).await;
    assert_eq!(header_of(&text, "content-type"), "text/plain; charset=utf-8");
}

#[actix_web::test]
async fn a_known_file_is_not_sent_again() {
    let first = get("image/png", "the.file", (header::ACCEPT, "*/*")).await;
    let tag = header_of(&first, "etag").to_owned();
    assert_eq!(tag.len(), 66, "64 digits in quotes");
    let again = get("image/png", "the.file", (header::IF_NONE_MATCH, &format!("\"x\", {tag}"))).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header_of(&again, "etag"), tag);
    assert!(read_body(again).await.is_empty());
    let other = get("image/png", "the.file", (header::IF_NONE_MATCH, "\"x\"")).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[actix_web::test]
async fn files_and_jobs_that_do_not_exist_are_not_found() {
    let test = test_files();
    let file = test.files.put("a.txt", "text/plain", b"a").expect("stored");
    let gone = FileRef { name: "gone".to_owned(), sha256: "0".repeat(64), ..file.clone() };
    let app = app(&test.files, OneJob { artifacts: vec![file, gone], inputs: Vec::new() }).await;
    let paths = ["7/artifacts/b.txt", "8/artifacts/a.txt", "x/artifacts/a.txt", "7/inputs/a.txt"];
    for path in paths.into_iter().chain(["7/artifacts/gone", "7/artifacts/..%2Fa.txt"]) {
        let request = TestRequest::get().uri(&format!("/api/v1/jobs/{path}"));
        assert_eq!(app(request).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[actix_web::test]
async fn large_inputs_with_any_name_come_whole() {
    let test = test_files();
    let content: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
    let file = test.files.put("Grüße \"a\" 100%.bin", "application/zip", &content).expect("stored");
    let app = app(&test.files, OneJob { artifacts: Vec::new(), inputs: vec![file] }).await;
    let uri = "/api/v1/jobs/7/inputs/Gr%C3%BC%C3%9Fe%20%22a%22%20100%25.bin";
    let response = app(TestRequest::get().uri(uri)).await;
    let disposition = header_of(&response, "content-disposition");
    let expected = "attachment; filename=\"Gr__e _a_ 100_.bin\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22a%22%20100%25.bin";
    assert_eq!(disposition, expected);
    assert_eq!(read_body(response).await, content);
}
