//! Requests that are wrong, and what tells requests apart.

use actix_web::body::to_bytes;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, FromRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_KEY_BYTES;
use taskyard_shared::new_job::NewJobs;

use super::{Id, IdempotencyHeader, JsonBody, Name, NoBody, Query, SlowBodies};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Window {
    limit: Option<u32>,
    after: Option<JobId>,
}

async fn jobs(_: JsonBody<NewJobs, 4096>) -> HttpResponse {
    HttpResponse::Ok().finish()
}

async fn window(Query(window): Query<Window>) -> HttpResponse {
    HttpResponse::Ok().json(json!([window.limit, window.after]))
}

async fn job(Id(id): Id<JobId>) -> HttpResponse {
    HttpResponse::Ok().json(id)
}

async fn named(name: Name) -> HttpResponse {
    match name.must_be("the right one") {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(problem) => actix_web::ResponseError::error_response(&problem),
    }
}

/// The status and the body.
async fn ask(request: TestRequest) -> (StatusCode, Value) {
    let app = App::new()
        .route("/jobs", web::post().to(jobs))
        .route("/jobs", web::get().to(window))
        .route("/jobs/{id}", web::get().to(job))
        .route("/names/{name}", web::get().to(named));
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let status = response.status();
    let body = to_bytes(response.into_body()).await.expect("a body in memory");
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn post(body: impl Into<Bytes>) -> TestRequest {
    let json = ("content-type", "application/json");
    TestRequest::post().uri("/jobs").insert_header(json).set_payload(body)
}

#[actix_web::test]
async fn what_is_wrong_with_a_body_is_told_with_its_place() {
    for (body, says) in [
        (r#"{"jobs":[{"kind":"a"},{"kind":"b","priority":"high"}]}"#, "at jobs[1].priority: invalid type"),
        (r#"{"jobs":[{"kind":"a","agrs":{}}]}"#, "at jobs[0].agrs: unknown field `agrs`"),
        (r#"{"jobs":[{"args":{}}]}"#, "at jobs[0]: missing field `kind`"),
        (r#"{"jobs":[{"kind":"a","unique":{"states":["done"]}}]}"#, "at jobs[0].unique.states[0]: unknown"),
        (r#"[[{"kind":"a"}]]"#, "invalid type: sequence, expected struct NewJobs"),
        (r#"{"jobs":[["a"]]}"#, "at jobs[0]: invalid type: sequence, expected struct NewJob"),
        (r#"{"jobs":[]} {}"#, "trailing characters"),
        (r#"{"jobs":["#, "EOF"),
        ("", "EOF"),
    ] {
        let (status, problem) = ask(post(body)).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("bad_request")), "{body}");
        assert!(detail.contains("the body is not what this asks for") && detail.contains(says), "{detail}");
    }
    assert_eq!(ask(post(r#"{"jobs":[{"kind":"a"}]}"#)).await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_on_the_way_is_answered_and_counted() {
    let slow = SlowBodies::default();
    let request = TestRequest::post()
        .insert_header(("content-type", "application/json"))
        .app_data(web::Data::new(slow.clone()))
        .to_http_request();
    for count in 1..=2 {
        let mut payload: Payload = Payload::Stream { payload: Box::pin(stream::pending()) };
        let refused = if count == 1 {
            JsonBody::<NewJobs, 4096>::from_request(&request, &mut payload).await.err()
        } else {
            NoBody::from_request(&request, &mut payload).await.err()
        };
        let response = refused.expect("it is given up").error_response();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(slow.count(), count);
        let body = to_bytes(response.into_body()).await.expect("a body in memory");
        let problem: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!((&problem["status"], &problem["code"]), (&json!(408), &json!("bad_request")));
    }
}

#[actix_web::test]
async fn what_is_quoted_of_a_body_is_cut() {
    let (status, problem) = ask(post(format!(r#"{{"{}":1}}"#, "x".repeat(3000)))).await;
    assert_eq!(status.as_u16(), 400);
    let chars = problem["detail"].as_str().unwrap_or_default().chars().count();
    assert!((300..800).contains(&chars), "{problem}");
}

#[actix_web::test]
async fn bodies_that_are_too_large_or_no_json_are_refused() {
    let (status, problem) = ask(post("x".repeat(4097))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (413, &json!("too_large")));
    for request in [
        TestRequest::post().uri("/jobs").set_payload("{}"),
        TestRequest::post().uri("/jobs").insert_header(("content-type", "text/plain")).set_payload("{}"),
    ] {
        let (status, problem) = ask(request).await;
        assert_eq!(status.as_u16(), 400);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("application/json")));
    }
}

#[actix_web::test]
async fn what_is_wrong_with_a_query_is_told_with_its_place() {
    for (query, says) in [
        ("limit=-1", "at limit: invalid digit"),
        ("limit=1&after=x", "at after: invalid digit"),
        ("pages=1", "unknown field `pages`"),
        ("limit=1&limit=2", "duplicate field"),
    ] {
        let (status, problem) = ask(TestRequest::get().uri(&format!("/jobs?{query}"))).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("invalid_query")), "{query}");
        assert!(detail.contains(says), "{detail}");
    }
    let (status, window) = ask(TestRequest::get().uri("/jobs?limit=5&after=7")).await;
    assert_eq!((status.as_u16(), window), (200, json!([5, 7])));
}

#[actix_web::test]
async fn what_is_no_number_names_no_job() {
    for id in ["one", "-1", "1.5", "99999999999999999999", "%20"] {
        let (status, problem) = ask(TestRequest::get().uri(&format!("/jobs/{id}"))).await;
        assert_eq!((status.as_u16(), &problem["code"]), (404, &json!("not_found")), "{id}");
    }
    assert_eq!(ask(TestRequest::get().uri("/jobs/12")).await.1, json!(12));
}

#[actix_web::test]
async fn path_and_body_must_name_the_same() {
    let (status, problem) = ask(TestRequest::get().uri("/names/other")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("invalid_arguments")));
    assert_eq!(problem["fields"][0]["field"], "$name");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("\"other\"")), "{problem}");
    assert_eq!(ask(TestRequest::get().uri("/names/the%20right%20one")).await.0, StatusCode::OK);
}

/// What a request with this key, target and body is known by; None without a key.
async fn fingerprint(key: &str, path: &str, body: &str) -> Option<String> {
    let request = TestRequest::post().uri(path).insert_header(("idempotency-key", key)).to_http_request();
    let header = IdempotencyHeader::extract(&request).await.expect("a good key");
    let key = header.with_body(&Bytes::copy_from_slice(body.as_bytes())).await.expect("not stopping");
    key.map(|key| key.fingerprint)
}

#[actix_web::test]
async fn requests_with_one_key_are_told_apart_by_target_and_body() {
    let first = fingerprint("k", "/jobs", "{}").await.expect("there is a key");
    assert_eq!(first.len(), 64);
    assert_eq!(fingerprint("other", "/jobs", "{}").await.as_ref(), Some(&first));
    assert_ne!(fingerprint("k", "/jobs/bulk", "{}").await.as_ref(), Some(&first));
    assert_ne!(fingerprint("k", "/jobs", "{ }").await.as_ref(), Some(&first));
    let large = "x".repeat(super::body::LARGE_BYTES + 1);
    assert!(fingerprint("k", "/jobs", &large).await.is_some_and(|sum| sum != first));
}

#[actix_web::test]
async fn keys_are_visible_ascii_of_bounded_length_and_may_be_left_out() {
    let longest = "k".repeat(MAX_KEY_BYTES);
    for (keys, is_right) in [
        (vec![], true),
        (vec!["\"8e03978e-40d5-43e8-bc93-6894a57f9324\""], true),
        (vec![longest.as_str()], true),
        (vec![""], false),
        (vec!["two words"], false),
        (vec!["schlüssel"], false),
        (vec!["one", "two"], false),
        (vec![&format!("{longest}k")], false),
    ] {
        let mut request = TestRequest::post();
        for key in &keys {
            request = request.append_header(("idempotency-key", *key));
        }
        let header = IdempotencyHeader::extract(&request.to_http_request()).await;
        assert_eq!(header.is_ok(), is_right, "{keys:?}");
    }
}
