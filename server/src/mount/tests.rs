//! Everything is found below the path where it is mounted, and every link leads there.

use actix_web::http::{StatusCode, header};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use serde_json::{Value, json};

use super::{MountOptions, mount, mount_with};
use crate::Yard;
use crate::kinds::HttpConfig;
use crate::testing::TestYard;

async fn yard() -> TestYard {
    TestYard::start(Yard::builder().built_in_kinds(HttpConfig::default())).await.unwrap()
}

/// The status, the header `Location` and the body.
macro_rules! ask {
    ($app:expr, $request:expr) => {{
        let request = $request.insert_header((header::HOST, "127.0.0.1:8080"));
        let response = call_service(&$app, request.to_request()).await;
        let location = response.headers().get(header::LOCATION);
        let location = location.map(|location| location.to_str().unwrap().to_owned());
        let status = response.status();
        (status, location, String::from_utf8(read_body(response).await.to_vec()).unwrap())
    }};
}

#[actix_web::test]
async fn in_a_scope_everything_is_below_its_path() {
    let yard = yard().await;
    let app = App::new()
        .service(web::scope("/jobs").configure(mount(&yard)))
        .route("/", web::get().to(async || HttpResponse::Ok().body("the shop")));
    let app = init_service(app).await;
    assert_eq!(ask!(app, TestRequest::get().uri("/")).2, "the shop");
    assert_eq!(ask!(app, TestRequest::get().uri("/api/v1/jobs")).0, StatusCode::NOT_FOUND);

    let job = json!({ "kind": "demo", "args": { "name": "one", "duration": 1 } });
    let (status, location, body) = ask!(app, TestRequest::post().uri("/jobs/api/v1/jobs").set_json(&job));
    assert_eq!((status, location.as_deref()), (StatusCode::CREATED, Some("/jobs/api/v1/jobs/1")), "{body}");
    assert_eq!(ask!(app, TestRequest::get().uri("/jobs/api/v1/jobs/1")).0, StatusCode::OK);
    assert_eq!(ask!(app, TestRequest::get().uri("/jobs/healthz")).0, StatusCode::OK);
    assert_eq!(ask!(app, TestRequest::get().uri("/jobs/metrics")).0, StatusCode::OK);
    // It is there, but this is no handshake.
    assert_eq!(ask!(app, TestRequest::get().uri("/jobs/ws")).0, StatusCode::BAD_REQUEST);

    let (status, _, body) = ask!(app, TestRequest::put().uri("/jobs/api/v1/jobs"));
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{body}");
    let (status, _, body) = ask!(app, TestRequest::get().uri("/jobs/api/v0"));
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("the API is at /jobs/api/v1"), "{body}");
    yard.stop().await;
}

#[actix_web::test]
async fn documents_of_the_api_lead_to_where_it_is() {
    let yard = yard().await;
    let options = MountOptions { path: "/admin/jobs/".to_owned(), ..MountOptions::default() };
    let app = init_service(App::new().configure(mount_with(&yard, options))).await;
    let (_, _, body) = ask!(app, TestRequest::get().uri("/admin/jobs/api/v1/openapi.json"));
    let document: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["servers"], json!([{ "url": "/admin/jobs" }]));
    let (_, _, page) = ask!(app, TestRequest::get().uri("/admin/jobs/api/docs"));
    assert!(page.contains("http://127.0.0.1:8080/admin/jobs/api/v1/jobs"), "the lines for a shell");
    for link in ["href=\"v1/openapi.json\"", "href=\"../\""] {
        assert!(page.contains(link), "{link}");
    }
    yard.stop().await;
}

#[cfg(feature = "board")]
#[actix_web::test]
async fn the_board_has_its_base_and_its_files_there_and_at_the_root() {
    let yard = yard().await;
    let root = init_service(App::new().configure(mount(&yard))).await;
    let below = init_service(App::new().service(web::scope("/jobs").configure(mount(&yard)))).await;
    let (_, _, page) = ask!(root, TestRequest::get().uri("/jobs/12"));
    assert!(page.contains("<base href=/>") || page.contains("<base href=\"/\""), "{page}");
    for address in ["/jobs", "/jobs/", "/jobs/jobs/12", "/jobs/schedules"] {
        let (status, _, page) = ask!(below, TestRequest::get().uri(address));
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(page.contains("<base href=\"/jobs/\">"), "{address}: {page}");
        let script = page.split(['\'', '"', '=', ' ', '>']).find(|word| word.ends_with(".js")).unwrap();
        assert!(script.starts_with("/jobs/taskyard-board-"), "{script}");
        assert_eq!(ask!(below, TestRequest::get().uri(script)).0, StatusCode::OK);
    }
    assert_eq!(ask!(below, TestRequest::get().uri("/jobs/missing.css")).0, StatusCode::NOT_FOUND);
    yard.stop().await;
}

#[cfg(not(feature = "board"))]
#[actix_web::test]
async fn without_the_board_its_pages_say_where_the_api_is() {
    let yard = yard().await;
    let app = init_service(App::new().service(web::scope("/jobs").configure(mount(&yard)))).await;
    for address in ["/jobs", "/jobs/", "/jobs/jobs/12"] {
        let (status, _, page) = ask!(app, TestRequest::get().uri(address));
        assert_eq!(status, StatusCode::NOT_FOUND, "{address}");
        assert!(page.contains("<a href=\"/jobs/api/v1/jobs\">"), "{page}");
    }
    yard.stop().await;
}
