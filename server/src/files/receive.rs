//! Taking in a file that arrives over the network.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use taskyard_shared::job::FileRef;
use tokio::time::timeout;

use super::error::FileError;
use super::incoming::IncomingFile;
use super::name::check_name;
use super::store::FileStore;

/// How much is gathered before it is handed to a thread that may block. With one chunk more, all the
/// memory that an upload takes.
const GATHER_BYTES: usize = 256 * 1024;
/// A sender from whom nothing comes for so long is not waited for any more.
pub const CHUNK_PATIENCE: Duration = Duration::from_secs(30);

impl FileStore {
    /// Stores what `chunks` yields, and hashes it on the way. For async threads: the disk is waited for
    /// elsewhere. Dropping the future leaves nothing behind.
    ///
    /// # Errors
    /// A bad name; more than `max_bytes`, said as soon as it is known; the sender stopped, or sent nothing for [`CHUNK_PATIENCE`];
    /// the disk.
    pub async fn receive<S, E>(
        self: &Arc<Self>,
        name: &str,
        max_bytes: u64,
        mut chunks: S,
    ) -> Result<FileRef, FileError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Display,
    {
        check_name(name)?;
        let store = Arc::clone(self);
        let mut file = off_thread(move || store.begin(max_bytes)).await?;
        let mut gathered = Vec::new();
        while let Some(chunk) =
            timeout(CHUNK_PATIENCE, chunks.next()).await.map_err(|_| FileError::TooSlow)?
        {
            let chunk = chunk.map_err(|error| FileError::Interrupted(error.to_string()))?;
            gathered.extend_from_slice(&chunk);
            if gathered.len() >= GATHER_BYTES {
                (file, gathered) = write(file, gathered).await?;
            }
        }
        (file, _) = write(file, gathered).await?;
        let (store, name) = (Arc::clone(self), name.to_owned());
        off_thread(move || file.finish(&store, &name, None)).await
    }
}

/// Writes and gives back the emptied buffer.
async fn write(mut file: IncomingFile, mut gathered: Vec<u8>) -> Result<(IncomingFile, Vec<u8>), FileError> {
    off_thread(move || {
        file.write(&gathered)?;
        gathered.clear();
        Ok((file, gathered))
    })
    .await
}

/// Runs what blocks on the disk where that holds nobody up.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(failed) => Err(FileError::Io(std::io::Error::other(failed))),
    }
}
