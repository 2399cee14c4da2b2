//! What the API is, for programs (OpenAPI 3.1, made from the table of routes and the types they use) and for people
//! (one page that shows the same document).

mod document;
mod page;
mod schemas;
#[cfg(test)]
mod tests;
mod words;

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::mounted::prefix;

static DOCUMENT: LazyLock<Value> = LazyLock::new(document::document);
static JSON: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());
static PAGE: LazyLock<String> = LazyLock::new(|| page::page(&DOCUMENT));

/// The page carries no script and loads nothing.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; \
                           base-uri 'none'; form-action 'none'";

/// The page, within `/api`.
pub fn mount(config: &mut web::ServiceConfig) {
    config.route("/docs", web::get().to(show));
}

pub async fn json(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    match &*prefix(&request) {
        "" => response.body(JSON.as_str()),
        prefix => {
            let mut document = DOCUMENT.clone();
            document["servers"] = json!([{ "url": prefix }]);
            response.body(document.to_string())
        }
    }
}

async fn show(request: HttpRequest) -> HttpResponse {
    let scheme = if request.connection_info().scheme() == "https" { "https" } else { "http" };
    // The guard has looked at the name.
    let host =
        request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(page::at(&PAGE, &format!("{scheme}://{host}{}", prefix(&request))))
}
