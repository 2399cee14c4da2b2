//! The folder: `<dir>/ab/cdef…` for each content, `<dir>/incoming/` for what is being written.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use taskyard_shared::job::FileRef;
use tempfile::{NamedTempFile, TempDir};

use super::error::FileError;
use super::hex;
use super::incoming::IncomingFile;
use super::media::{HEAD_BYTES, extension_of, media_type_of};
use super::name::{check_name, is_sha256};
use super::usage::Usage;

/// The folder of files, shared by everyone who reads or writes one. All its calls block on the disk, but
/// for [`FileStore::receive`].
pub struct FileStore {
    pub(super) dir: PathBuf,
    incoming: PathBuf,
    /// Held while a file is found to exist and made young, and while an old one is removed: so the sweep
    /// never takes a file that somebody has just been told is there, and the sum is exact.
    existence: Mutex<Usage>,
    /// Set for a folder that goes with the store.
    _temporary: Option<TempDir>,
}

impl FileStore {
    /// Opens the folder, creating it where needed, and removes what unfinished writes of an earlier process
    /// left behind. The caller owns the data folder: no other process may have it open.
    ///
    /// # Errors
    /// The disk refused.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, FileError> {
        let dir = dir.into();
        let incoming = dir.join("incoming");
        fs::create_dir_all(&incoming)?;
        for left in fs::read_dir(&incoming)? {
            fs::remove_file(left?.path())?;
        }
        let usage = Usage::count(&dir)?;
        Ok(FileStore { dir, incoming, existence: Mutex::new(usage), _temporary: None })
    }

    /// Refuses files beyond so many bytes altogether. None: as many as the disk holds.
    #[must_use]
    pub fn with_quota(self, quota_bytes: Option<u64>) -> Self {
        self.existence().quota_bytes = quota_bytes;
        self
    }

    /// What all files take together. Content that is stored under several names counts once.
    pub fn used_bytes(&self) -> u64 {
        self.existence().used_bytes
    }

    /// A folder that is removed with the store.
    ///
    /// # Errors
    /// The disk refused.
    pub fn temporary() -> Result<Self, FileError> {
        let dir = tempfile::tempdir()?;
        let mut store = FileStore::open(dir.path())?;
        store._temporary = Some(dir);
        Ok(store)
    }

    /// Stores the content durably (flushed to disk before this returns); storing the same again costs
    /// nothing.
    ///
    /// # Errors
    /// The disk refused, the store is full, or `name` is not a plain file name.
    pub fn put(&self, name: &str, media_type: &str, content: &[u8]) -> Result<FileRef, FileError> {
        check_name(name)?;
        let sha256 = hex(&Sha256::digest(content));
        if self.refresh(&sha256)? {
            let (name, media_type) = (name.to_owned(), media_type.to_owned());
            return Ok(FileRef { name, sha256, bytes: content.len() as u64, media_type });
        }
        let mut file = self.begin(u64::MAX)?;
        file.write(content)?;
        file.finish(self, name, Some(media_type))
    }

    /// Begins a file of at most `max_bytes` that comes piece by piece.
    ///
    /// # Errors
    /// The disk refused.
    pub fn begin(&self, max_bytes: u64) -> Result<IncomingFile, FileError> {
        IncomingFile::new(&self.incoming, max_bytes)
    }

    /// Where the content is, or would be.
    ///
    /// # Errors
    /// [`FileError::NotFound`] if `sha256` is not such a sum.
    pub fn path(&self, sha256: &str) -> Result<PathBuf, FileError> {
        if !is_sha256(sha256) {
            return Err(FileError::NotFound(sha256.to_owned()));
        }
        let (folder, file) = sha256.split_at(2);
        Ok(self.dir.join(folder).join(file))
    }

    pub fn exists(&self, sha256: &str) -> bool {
        self.path(sha256).is_ok_and(|path| path.is_file())
    }

    /// # Errors
    /// There is no such file, or the disk refused.
    pub fn open_file(&self, sha256: &str) -> Result<File, FileError> {
        File::open(self.path(sha256)?).map_err(|error| not_found(error, sha256))
    }

    /// The whole content in memory: for files that are known to be small enough.
    ///
    /// # Errors
    /// There is no such file, or the disk refused.
    pub fn read(&self, sha256: &str) -> Result<Vec<u8>, FileError> {
        let mut content = Vec::new();
        self.open_file(sha256)?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// What a job that is about to refer to an existing file must know of it; the sweep leaves the file alone
    /// for long enough to store that job. An empty `name` gets one that says what the file is.
    ///
    /// # Errors
    /// There is no such file, the disk refused, or `name` is not a plain file name.
    pub fn describe(&self, sha256: &str, name: &str) -> Result<FileRef, FileError> {
        if !self.refresh(sha256)? {
            return Err(FileError::NotFound(sha256.to_owned()));
        }
        let file = self.open_file(sha256)?;
        let bytes = file.metadata()?.len();
        let mut head = Vec::with_capacity(HEAD_BYTES);
        file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        let media_type = media_type_of(&head);
        let name = match name {
            "" => format!("upload.{}", extension_of(media_type)),
            name => name.to_owned(),
        };
        check_name(&name)?;
        Ok(FileRef { name, sha256: sha256.to_owned(), bytes, media_type: media_type.to_owned() })
    }

    pub(super) fn existence(&self) -> MutexGuard<'_, Usage> {
        self.existence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file exists; if so it counts as new again for the sweep.
    ///
    /// # Errors
    /// The disk refused.
    pub(crate) fn refresh(&self, sha256: &str) -> Result<bool, FileError> {
        let path = self.path(sha256)?;
        let _existence = self.existence();
        match File::options().append(true).open(path) {
            Ok(file) => file.set_modified(SystemTime::now())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    /// Gives a file that is whole and flushed its name for good, if there is room for it.
    pub(super) fn adopt(&self, temp: NamedTempFile, file: &FileRef) -> Result<(), FileError> {
        let path = self.path(&file.sha256)?;
        let folder = path.parent().unwrap_or(&self.dir);
        let mut usage = self.existence();
        // Somebody may have stored the same meanwhile.
        let added_bytes = if path.exists() { 0 } else { file.bytes };
        usage.check(added_bytes)?;
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            flush_folder(&self.dir)?;
        }
        temp.persist(&path).map_err(|error| error.error)?;
        usage.used_bytes += added_bytes;
        // Still under the lock: who finds the file there may rely on its being there after a power cut.
        flush_folder(folder)
    }
}

fn not_found(error: io::Error, sha256: &str) -> FileError {
    match error.kind() {
        io::ErrorKind::NotFound => FileError::NotFound(sha256.to_owned()),
        _ => FileError::Io(error),
    }
}

/// A new name in a folder survives a power cut only when the folder itself is flushed; other systems than
/// Unix do that by themselves.
fn flush_folder(folder: &Path) -> Result<(), FileError> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}
