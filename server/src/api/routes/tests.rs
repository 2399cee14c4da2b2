//! The table and the application that is made from it.

use std::collections::HashSet;

use actix_web::App;
use actix_web::http::{Method, StatusCode, header};
use actix_web::test::{TestRequest, init_service, try_call_service};

use super::{PREFIX, Route, Verb, table};

/// What an application without a yard says: 500 where a handler was reached, for it has no yard to ask.
async fn ask(requests: Vec<(Method, String)>) -> Vec<(StatusCode, String)> {
    let app = init_service(App::new().configure(crate::api::configure)).await;
    let mut answers = Vec::new();
    for (method, path) in requests {
        let request = TestRequest::default().method(method).uri(&path).to_request();
        answers.push(match try_call_service(&app, request).await {
            Ok(response) => {
                let allow = response.headers().get(header::ALLOW).and_then(|allow| allow.to_str().ok());
                (response.status(), allow.unwrap_or_default().to_owned())
            }
            Err(error) => (error.as_response_error().status_code(), String::new()),
        });
    }
    answers
}

/// A path as a client would write it.
fn filled(route: &Route) -> String {
    format!("{PREFIX}{}", route.path.replace("{id}", "1").replace("{name}", "some-name"))
}

#[actix_web::test]
async fn every_route_of_the_table_is_answered() {
    let requests = table().iter().map(|route| (route.verb.method(), filled(route))).collect::<Vec<_>>();
    for ((method, path), (status, _)) in requests.iter().zip(ask(requests.clone()).await) {
        assert!(![404, 405].contains(&status.as_u16()), "{method} {path}: {status}");
    }
}

#[actix_web::test]
async fn wrong_methods_are_told_the_right_ones() {
    for (method, path, allow) in [
        (Method::PUT, "/jobs", "GET, HEAD, POST"),
        (Method::POST, "/jobs/1", "GET, HEAD, PATCH, DELETE"),
        (Method::POST, "/limits/a", "GET, HEAD, PUT, DELETE"),
        (Method::GET, "/jobs/1/cancel", "POST"),
        (Method::DELETE, "/openapi.json", "GET, HEAD"),
        // A job could be called that, as far as a path is concerned.
        (Method::PUT, "/jobs/clear", "GET, HEAD, POST, PATCH, DELETE"),
    ] {
        let path = format!("{PREFIX}{path}");
        let answers = ask(vec![(method, path.clone())]).await;
        assert_eq!(answers, [(StatusCode::METHOD_NOT_ALLOWED, allow.to_owned())], "{path}");
    }
}

#[actix_web::test]
async fn unknown_paths_are_not_found_by_any_method() {
    for path in ["/api/v1/nothing", "/api/v1", "/api/v1/jobs/", "/api/v2/jobs", "/api", "/api/nothing"] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answers = ask(vec![(method, path.to_owned())]).await;
            assert_eq!(answers, [(StatusCode::NOT_FOUND, String::new())], "{path}");
        }
    }
}

#[actix_web::test]
async fn a_schedule_may_be_called_preview_and_get_may_be_head() {
    let requests = vec![
        (Method::PUT, format!("{PREFIX}/schedules/preview")),
        (Method::DELETE, format!("{PREFIX}/schedules/preview")),
        (Method::HEAD, format!("{PREFIX}/queues")),
    ];
    for (status, _) in ask(requests).await {
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "a handler was reached");
    }
}

#[test]
fn each_route_is_in_the_table_once() {
    let (mut ids, mut places) = (HashSet::new(), HashSet::new());
    for route in table() {
        assert!(ids.insert(route.id), "{}", route.id);
        assert!(places.insert((route.verb.key(), route.path)), "{} {}", route.verb.key(), route.path);
        assert!(!route.summary.is_empty() && !route.successes.is_empty(), "{}", route.id);
        assert!(Verb::ALL.contains(&route.verb));
    }
}
