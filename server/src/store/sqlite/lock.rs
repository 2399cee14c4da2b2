//! The lock on a data folder: two servers on one folder would run every job twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::store::StoreError;

/// Held by everything that uses the folder. The system lets go of it when the process ends, however it ends.
pub(super) struct FolderLock {
    _file: File,
}

impl FolderLock {
    pub fn acquire(data_dir: &Path) -> Result<FolderLock, StoreError> {
        let refused = |reason: std::io::Error| StoreError::Open {
            path: data_dir.to_owned(),
            reason: format!("its lock file: {reason}"),
        };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(data_dir.join("lock"))
            .map_err(refused)?;
        match file.try_lock() {
            Ok(()) => Ok(FolderLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: data_dir.to_owned() }),
            Err(TryLockError::Error(error)) => Err(refused(error)),
        }
    }
}
