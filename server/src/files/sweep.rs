//! Removing files that nobody refers to.

use std::fs::{self, DirEntry};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::error::FileError;
use super::name::is_sha256;
use super::store::FileStore;
use crate::store::StoreReader;

/// How many files the store is asked about at a time.
const BATCH: usize = 500;

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub files: u64,
    pub bytes: u64,
}

impl FileStore {
    /// Removes files that no job refers to and that nobody stored or asked for within `older_than`, which
    /// must be longer than anyone takes from [`FileStore::describe`] or [`FileStore::put`] to the commit of
    /// the job that refers to the file: longer than the longest job works after its first artifact. Blocks on
    /// the disk and on the store.
    ///
    /// # Errors
    /// The disk or the store refused. What was removed until then stays removed.
    pub fn sweep(&self, reader: &dyn StoreReader, older_than: Duration) -> Result<Swept, FileError> {
        let mut swept = Swept::default();
        let Some(before) = SystemTime::now().checked_sub(older_than) else {
            return Ok(swept);
        };
        let mut old = Vec::new();
        for folder in fs::read_dir(&self.dir)? {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                old.extend(old_sum(&folder, &file?, before)?);
                if old.len() >= BATCH {
                    self.remove_unreferenced(reader, &old, before, &mut swept)?;
                    old.clear();
                }
            }
        }
        self.remove_unreferenced(reader, &old, before, &mut swept)?;
        Ok(swept)
    }

    fn remove_unreferenced(
        &self,
        reader: &dyn StoreReader,
        old: &[String],
        before: SystemTime,
        swept: &mut Swept,
    ) -> Result<(), FileError> {
        if old.is_empty() {
            return Ok(());
        }
        for sha256 in reader.unreferenced(old)? {
            let path = self.path(&sha256)?;
            // Somebody may have asked for the file since it was listed, and be about to refer to it.
            let mut usage = self.existence();
            if let Some(bytes) = old_bytes(&path, before)? {
                fs::remove_file(&path)?;
                swept.files += 1;
                swept.bytes += bytes;
                usage.used_bytes = usage.used_bytes.saturating_sub(bytes);
            }
        }
        Ok(())
    }
}

/// The sum that the file is named by, if it is one of ours and old.
fn old_sum(folder: &DirEntry, file: &DirEntry, before: SystemTime) -> Result<Option<String>, FileError> {
    let sha256 = format!("{}{}", folder.file_name().display(), file.file_name().display());
    Ok(if is_sha256(&sha256) { old_bytes(&file.path(), before)?.map(|_| sha256) } else { None })
}

fn old_bytes(path: &Path, before: SystemTime) -> Result<Option<u64>, FileError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.modified()? <= before => Ok(Some(metadata.len())),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
