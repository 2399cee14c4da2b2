//! The yard's HTTP side, for an actix-web application: API, live socket, health, metrics and board.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web;
use tokio_util::sync::CancellationToken;

use crate::api::files::FilesApi;
use crate::api::guard::{Access, refuse_foreign};
use crate::api::mounted::note_mount;
use crate::api::request::SlowBodies;
use crate::session::{self, LiveConfig, LiveState};
use crate::{Yard, api};

/// How a yard is reached over HTTP.
#[derive(Clone, Default)]
pub struct MountOptions {
    /// Where everything is: `/jobs`. Empty: at the root. In a scope of the application's own, below that.
    pub path: String,
    pub access: Access,
    /// Most live connections at a time; None: 10,000.
    pub max_sessions: Option<usize>,
    /// Cancelled when the server stops: every live connection is told so, and closed.
    pub stopping: CancellationToken,
}

/// What each worker of the server configures its app with: `App::new().configure(mount(&yard))`, or a scope of it:
/// `web::scope("/jobs").configure(mount(&yard))`. Made once, so that all workers share one set of limits.
///
/// The API, the socket and the board's pages and files then are below that path, and every link leads there.
pub fn mount(yard: &Yard) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    mount_with(yard, MountOptions::default())
}

/// As [`mount`], with options.
pub fn mount_with(
    yard: &Yard,
    options: MountOptions,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    let path = options.path.trim_matches('/');
    let path = if path.is_empty() { String::new() } else { format!("/{path}") };
    let access = web::Data::new(options.access.clone());
    let files =
        web::Data::new(FilesApi { files: Arc::clone(yard.files()), reader: Arc::clone(yard.reader()) });
    let live = web::Data::new(live_state(yard, options));
    let yard = web::Data::new(yard.clone());
    let slow_bodies = web::Data::new(SlowBodies::default());
    move |config: &mut web::ServiceConfig| {
        config.service(
            web::scope(&path)
                .app_data(access.clone())
                .app_data(files.clone())
                .app_data(live.clone())
                .app_data(yard.clone())
                .app_data(slow_bodies.clone())
                .wrap(from_fn(refuse_foreign))
                .wrap(from_fn(note_mount))
                .configure(api::configure)
                .configure(api::health::configure)
                .configure(api::metrics::configure)
                .route("/ws", web::get().to(session::connect))
                .configure(api::board::configure),
        );
    }
}

fn live_state(yard: &Yard, options: MountOptions) -> LiveState {
    let mut config = LiveConfig { allowed_origins: options.access.allowed_origins, ..LiveConfig::default() };
    if let Some(max_sessions) = options.max_sessions {
        config.max_sessions = max_sessions;
    }
    LiveState::new(
        LiveState::execute_by(yard.clone()),
        yard.hub().clone(),
        yard.instance().to_owned(),
        Arc::clone(yard.live_counters()),
        options.stopping,
        config,
    )
}

#[cfg(test)]
mod tests;
