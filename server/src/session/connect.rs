//! The handshake.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_web_actors::ws;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::limits::MAX_FRAME_BYTES;

use super::actor::Session;
use super::frame_guard::FrameGuard;
use super::live_state::LiveState;
use crate::api::origin::check_origin;
use crate::api::problem::problem;
use crate::api::request::client_of;
use crate::views::OpenSession;

/// `GET /ws`: opens a live session.
///
/// # Errors
/// None: what is refused is answered. A foreign page gets 403, what is no WebSocket handshake 400, one socket too many
/// 503.
pub async fn connect(
    req: HttpRequest,
    stream: web::Payload,
    state: web::Data<LiveState>,
) -> Result<HttpResponse, actix_web::Error> {
    let config = &state.config;
    // A header that is not text is nobody's own page.
    let origin = req.headers().get(ORIGIN).map(|value| value.to_str().unwrap_or("(not readable)"));
    if let Err(forbidden) = check_origin(origin, header(&req, HOST), &config.allowed_origins) {
        state.counters.refused_origins.fetch_add(1, Relaxed);
        let error = WireError::new(ErrorCode::ForbiddenOrigin, forbidden.to_string());
        return Ok(problem(&error));
    }
    if let Err(error) = ws::handshake(&req) {
        return Ok(problem(&no_handshake(&error)));
    }
    let Some(open) = OpenSession::take(&state.counters, config.max_sessions) else {
        let message = format!(
            "{} sockets are open, which is the most; close a tab, or try again in a moment",
            config.max_sessions
        );
        return Ok(problem(&WireError::new(ErrorCode::Overloaded, message)));
    };
    let too_large = Rc::new(Cell::new(false));
    let stream = FrameGuard::new(stream, MAX_FRAME_BYTES, Rc::clone(&too_large));
    let session = Session::new(state.into_inner(), client_of(&req), open, too_large);
    ws::WsResponseBuilder::new(session, &req, stream).frame_size(MAX_FRAME_BYTES).start()
}

fn no_handshake(error: &ws::HandshakeError) -> WireError {
    let message = format!("/ws is for WebSockets: {error}; connect with a client that speaks RFC 6455");
    WireError::new(ErrorCode::BadRequest, message)
}

fn header(req: &HttpRequest, name: HeaderName) -> Option<&str> {
    req.headers().get(name)?.to_str().ok()
}
