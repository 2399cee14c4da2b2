//! The board's files, as Trunk built them into this binary; a page that says how to get them when they are
//! not in it.

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use super::problem::wrong_method;

pub fn configure(config: &mut web::ServiceConfig) {
    config.default_service(web::to(answer));
}

/// Whatever nothing else answers.
async fn answer(request: HttpRequest) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return wrong_method(&request, "GET, HEAD");
    }
    serve(request).await
}

#[cfg(feature = "board")]
#[derive(rust_embed::RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../frontend/dist"]
struct Assets;

#[cfg(feature = "board")]
async fn serve(request: HttpRequest) -> HttpResponse {
    use taskyard_shared::error::{ErrorCode, WireError};

    use super::mounted::path_within;

    let path = path_within(&request).trim_start_matches('/');
    if let Some(response) = asset(&request, path, Lifetime::Immutable) {
        return response;
    }
    // Paths without a dot are pages of the app, which finds its way by itself.
    if !path.rsplit('/').next().is_some_and(|last| last.contains('.'))
        && let Some(response) = asset(&request, "index.html", Lifetime::Revalidated)
    {
        return response;
    }
    super::problem::problem(&WireError::new(ErrorCode::NotFound, format!("there is no {}", request.path())))
}

/// How long a browser may keep a file without asking.
#[cfg(feature = "board")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lifetime {
    /// For ever: its name changes with its content.
    Immutable,
    Revalidated,
}

/// The file, in the best encoding that the browser takes and the build made.
#[cfg(feature = "board")]
fn asset(request: &HttpRequest, path: &str, lifetime: Lifetime) -> Option<HttpResponse> {
    use actix_web::http::header;

    use super::mounted::prefix;
    use crate::files::hex;

    if path.is_empty() || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let plain = Assets::get(path)?;
    let prefix = prefix(request);
    let moved =
        if path == "index.html" && !prefix.is_empty() { Some(moved(&plain.data, &prefix)?) } else { None };
    let mut etag = format!("\"{}\"", hex(&plain.metadata.sha256_hash()));
    if moved.is_some() {
        etag = format!("\"{}{prefix}\"", etag.trim_matches('"'));
    }
    let lifetime = if path == "index.html" { Lifetime::Revalidated } else { lifetime };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ETAG, etag.clone()))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((
            header::CACHE_CONTROL,
            match lifetime {
                Lifetime::Immutable => "public, max-age=31536000, immutable",
                Lifetime::Revalidated => "no-cache",
            },
        ));
    let header_text =
        |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header_text(header::IF_NONE_MATCH) == etag {
        return Some(response.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    response.content_type(media_type(path));
    if path == "index.html" {
        response.insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY));
    }
    if let Some(page) = moved {
        return Some(response.body(page));
    }
    let accepted = header_text(header::ACCEPT_ENCODING);
    for (encoding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        if accepted.split(',').any(|offer| offer.trim().split(';').next() == Some(encoding))
            && let Some(packed) = Assets::get(&format!("{path}{suffix}"))
        {
            return Some(
                response.insert_header((header::CONTENT_ENCODING, encoding)).body(packed.data.into_owned()),
            );
        }
    }
    Some(response.body(plain.data.into_owned()))
}

/// The page as it is where the board is mounted: its base, and the names of its files, which Trunk wrote for the root.
/// None for a path with characters that could mean something in the page.
#[cfg(feature = "board")]
fn moved(page: &[u8], prefix: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~%".contains(&byte);
    if !prefix.bytes().all(is_plain) {
        return None;
    }
    let mut page = std::str::from_utf8(page).ok()?.to_owned();
    for name in Assets::iter() {
        page = page.replace(&format!("/{name}"), &format!("{prefix}/{name}"));
    }
    let start = page.find("<base ")?;
    let end = start + page[start..].find('>')?;
    page.replace_range(start..=end, &format!("<base href=\"{prefix}/\">"));
    Some(page)
}

/// The page loads from here alone. Trunk's own inline script starts the WASM.
#[cfg(feature = "board")]
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; \
                           style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
                           connect-src 'self'; frame-ancestors 'none'; base-uri 'self'";

#[cfg(feature = "board")]
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(not(feature = "board"))]
async fn serve(request: HttpRequest) -> HttpResponse {
    let prefix = super::mounted::prefix(&request);
    // The path is the caller's, and this is HTML.
    let api = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte));
    let prefix = if api { &*prefix } else { "" };
    HttpResponse::NotFound().content_type("text/html; charset=utf-8").body(format!(
        "<!doctype html><title>Taskyard</title><p>This binary was built without the board. \
         Build and start it with <code>cargo xtask run</code>, or run <code>cargo xtask dev</code> beside it. \
         The API is at <a href=\"{prefix}/api/v1/jobs\">{prefix}/api/v1/jobs</a>."
    ))
}
