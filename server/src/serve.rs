//! Runs a server until it is told to stop.

use std::net::SocketAddr;

use crate::config::Config;

/// Why a server did not start, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("this build cannot serve yet")]
    NotWired,
}

/// Serves until SIGTERM or SIGINT, then stops within the configured deadline. `on_ready` is called once,
/// with the address it listens on, as soon as requests are answered.
///
/// # Errors
/// A sentence for the person who started it.
pub async fn serve(config: Config, on_ready: impl FnOnce(SocketAddr)) -> Result<(), ServeError> {
    let _ = (config, on_ready);
    Err(ServeError::NotWired)
}
