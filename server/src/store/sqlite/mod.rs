//! The store in a SQLite file: the default, durable and without another server.
//!
//! One connection writes, in WAL mode with `synchronous=FULL`: what has been committed survives a power
//! cut. A few others only read, each call on one consistent snapshot. `migrations/` documents the schema.

mod bare;
mod failure;
mod lock;
mod open;
mod read;
mod rows;
mod schema;
mod write;

pub use bare::BareRows;
pub(crate) use write::insert_within;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Store, StoreError, StoreReader, StoreWriter};
use read::SqliteReader;
use write::SqliteWriter;

/// What the data file is called in its folder.
pub(crate) const DATA_FILE: &str = "taskyard.db";

/// A data folder that has been opened, and is held against other processes for as long as this, its
/// writer or a reader lives.
pub struct SqliteStore {
    file: PathBuf,
    durability: String,
    /// Until somebody takes it.
    writer: Mutex<Option<SqliteWriter>>,
    reader: Arc<SqliteReader>,
}

impl SqliteStore {
    /// Opens the data folder, creating it and the data file in it where they do not exist.
    ///
    /// # Errors
    /// The folder is in use by another process or cannot be written; the data file is damaged, or newer
    /// than this program. Nothing has changed then.
    pub fn open(data_dir: &Path) -> Result<SqliteStore, StoreError> {
        open::open(data_dir, open::CHECKED_UP_TO_BYTES)
    }
}

impl Store for SqliteStore {
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        writer.map_or(Err(StoreError::WriterTaken), |writer| Ok(Box::new(writer)))
    }

    fn reader(&self) -> Arc<dyn StoreReader> {
        Arc::<SqliteReader>::clone(&self.reader)
    }

    fn data_file(&self) -> Option<&Path> {
        Some(&self.file)
    }

    fn durability(&self) -> String {
        self.durability.clone()
    }
}

#[cfg(test)]
mod tests;
