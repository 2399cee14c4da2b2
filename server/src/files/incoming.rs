//! A file that is being written: not visible under its name until it is whole and on the disk.

use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};
use taskyard_shared::job::FileRef;
use tempfile::NamedTempFile;

use super::error::FileError;
use super::hex;
use super::media::{HEAD_BYTES, media_type_of};
use super::name::check_name;
use super::store::FileStore;

/// A file on its way in. Dropped before [`IncomingFile::finish`], it leaves nothing behind. Its calls block
/// on the disk.
pub struct IncomingFile {
    temp: NamedTempFile,
    hash: Sha256,
    bytes: u64,
    max_bytes: u64,
    head: Vec<u8>,
}

impl IncomingFile {
    pub(super) fn new(folder: &Path, max_bytes: u64) -> Result<Self, FileError> {
        let temp = NamedTempFile::new_in(folder)?;
        Ok(IncomingFile { temp, hash: Sha256::new(), bytes: 0, max_bytes, head: Vec::new() })
    }

    /// # Errors
    /// The disk refused, or the file is now larger than it may be.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), FileError> {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        if self.bytes > self.max_bytes {
            return Err(FileError::TooLarge { max_bytes: self.max_bytes });
        }
        let missing = HEAD_BYTES.saturating_sub(self.head.len()).min(chunk.len());
        self.head.extend_from_slice(&chunk[..missing]);
        self.hash.update(chunk);
        self.temp.write_all(chunk)?;
        Ok(())
    }

    /// Makes the file part of the store; when this returns it is on the disk. Without a `media_type`, that
    /// is found from the content.
    ///
    /// # Errors
    /// The disk refused, the store is full, or `name` is not a plain file name.
    pub fn finish(
        self,
        store: &FileStore,
        name: &str,
        media_type: Option<&str>,
    ) -> Result<FileRef, FileError> {
        check_name(name)?;
        let media_type = media_type.unwrap_or_else(|| media_type_of(&self.head)).to_owned();
        let sha256 = hex(&self.hash.finalize());
        let file = FileRef { name: name.to_owned(), sha256, bytes: self.bytes, media_type };
        if !store.refresh(&file.sha256)? {
            self.temp.as_file().sync_all()?;
            store.adopt(self.temp, &file)?;
        }
        Ok(file)
    }
}
