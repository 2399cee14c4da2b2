//! What can go wrong with a store.

use std::path::PathBuf;

/// An error of a store. The texts are for the person who runs the server.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the data folder {} is in use by another process; stop it, or start with another --data", path.display())]
    InUse { path: PathBuf },
    #[error(
        "the data file {} is damaged ({reason}); nothing was changed. Restore it from a backup, or move it away to start empty",
        path.display()
    )]
    Corrupt { path: PathBuf, reason: String },
    #[error("the data file {} was written by a newer Taskyard (schema {found}, this one knows {known}); use that version", path.display())]
    TooNew { path: PathBuf, found: u32, known: u32 },
    #[error("cannot open the data folder {}: {reason}", path.display())]
    Open { path: PathBuf, reason: String },
    /// The disk is full, read-only or failing; the text is the database's own.
    #[error("the disk failed: {0}")]
    Io(String),
    /// An operation that the store does not accept; others may succeed.
    #[error("the store refused: {0}")]
    Refused(String),
    #[error("the store has one writer, and it is taken")]
    WriterTaken,
}

impl StoreError {
    /// Whether it is about one operation: others may succeed.
    pub fn is_about_an_op(&self) -> bool {
        matches!(self, StoreError::Refused(_))
    }
}
