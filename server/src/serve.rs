//! Runs a server until it is told to stop.

use crate::config::Config;

/// Why a server did not start, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("this build cannot serve yet")]
    NotWired,
}

/// Serves until SIGTERM or SIGINT, then stops within the configured deadline.
///
/// # Errors
/// A sentence for the person who started it.
pub async fn serve(config: Config) -> Result<(), ServeError> {
    let _ = config;
    Err(ServeError::NotWired)
}
