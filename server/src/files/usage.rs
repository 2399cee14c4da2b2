//! How much the files take together, and how much they may.

use std::fs;
use std::path::Path;

use super::error::FileError;
use super::name::is_sha256;

/// Counted once, when the folder is opened; from then on changed with every file that comes and goes.
#[derive(Debug)]
pub(super) struct Usage {
    pub used_bytes: u64,
    /// None: as much as the disk holds.
    pub quota_bytes: Option<u64>,
}

impl Usage {
    /// # Errors
    /// The disk refused.
    pub fn count(dir: &Path) -> Result<Self, FileError> {
        let mut used_bytes = 0;
        for folder in fs::read_dir(dir)? {
            let folder = folder?;
            if !folder.file_type()?.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder.path())? {
                let file = file?;
                if is_sha256(&format!("{}{}", folder.file_name().display(), file.file_name().display())) {
                    used_bytes += file.metadata()?.len();
                }
            }
        }
        Ok(Usage { used_bytes, quota_bytes: None })
    }

    /// # Errors
    /// [`FileError::QuotaReached`]: a file of this size does not fit any more.
    pub fn check(&self, bytes: u64) -> Result<(), FileError> {
        match self.quota_bytes {
            Some(quota_bytes) if self.used_bytes.saturating_add(bytes) > quota_bytes => {
                Err(FileError::QuotaReached { bytes, used_bytes: self.used_bytes, quota_bytes })
            }
            _ => Ok(()),
        }
    }
}
