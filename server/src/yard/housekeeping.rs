//! What is tidied up from time to time while the yard runs.

use std::sync::Arc;
use std::time::Duration;

use actix::Arbiter;

use crate::files::FileStore;
use crate::store::StoreReader;

/// How often files that no job refers to are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);
/// How long an upload may wait for its job, and an artifact for the end of the attempt that made it, before
/// it is taken for forgotten.
const UNUSED_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes forgotten uploads, and the artifacts of jobs that were deleted, until the arbiter stops.
pub(super) fn start(arbiter: &Arbiter, files: Arc<FileStore>, reader: Arc<dyn StoreReader>) {
    arbiter.spawn(async move {
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            let (files, reader) = (Arc::clone(&files), Arc::clone(&reader));
            let swept = tokio::task::spawn_blocking(move || files.sweep(&*reader, UNUSED_FOR));
            match swept.await {
                Ok(Ok(swept)) => tracing::debug!(?swept, "swept the files"),
                Ok(Err(error)) => tracing::warn!(%error, "the files could not be swept"),
                Err(_) => tracing::error!("sweeping the files panicked"),
            }
        }
    });
}
