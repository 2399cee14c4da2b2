//! What can go wrong with a file.

use taskyard_shared::error::{ErrorCode, WireError};

use crate::store::StoreError;

/// What went wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("\"{}\" is not a plain file name", shortened(.0))]
    BadName(String),
    #[error("no file has the content {}", shortened(.0))]
    NotFound(String),
    #[error("the file is larger than {} MiB", max_bytes / (1024 * 1024))]
    TooLarge { max_bytes: u64 },
    #[error(
        "a file of {} does not fit: {} of the {} for files are used. Delete jobs whose files nobody needs (these go \
         within a day), or raise files.quota_mb",
        in_mib(*.bytes), in_mib(*.used_bytes), in_mib(*.quota_bytes)
    )]
    QuotaReached { bytes: u64, used_bytes: u64, quota_bytes: u64 },
    /// Whoever sent the file stopped before its end.
    #[error("the file did not arrive whole: {0}")]
    Interrupted(String),
    /// Nothing came for [`super::CHUNK_PATIENCE`].
    #[error("the file did not arrive whole: nothing more of it came")]
    TooSlow,
    #[error("the disk refused: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot tell which files are in use: {0}")]
    Store(#[from] StoreError),
}

/// Names come from anyone, so an error repeats only the beginning of one.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

fn in_mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))
}

impl From<FileError> for WireError {
    fn from(error: FileError) -> Self {
        let code = match error {
            FileError::BadName(_) | FileError::Interrupted(_) | FileError::TooSlow => ErrorCode::BadRequest,
            FileError::NotFound(_) => ErrorCode::NotFound,
            FileError::TooLarge { .. } | FileError::QuotaReached { .. } => ErrorCode::TooLarge,
            FileError::Io(_) | FileError::Store(_) => ErrorCode::StoreFailed,
        };
        WireError::new(code, error.to_string())
    }
}
