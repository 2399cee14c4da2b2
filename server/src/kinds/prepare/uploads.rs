//! The uploads that arguments name: each must be there.

use taskyard_shared::error::{FieldError, WireError};
use taskyard_shared::job::FileRef;

use super::wrong::invalid;
use crate::files::{FileError, FileStore};
use crate::kinds::worker::UploadArg;

/// Blocks on the disk.
pub(super) fn find(uploads: Vec<UploadArg>, files: &FileStore) -> Result<Vec<FileRef>, WireError> {
    let mut found: Vec<FileRef> = Vec::new();
    let mut wrong = Vec::new();
    for upload in uploads {
        let complaint = match files.describe(&upload.sha256, &upload.name) {
            Ok(file) if found.iter().all(|earlier| earlier.name != file.name) => {
                found.push(file);
                continue;
            }
            Ok(file) => format!("two uploads are called \"{}\"", file.name),
            Err(FileError::NotFound(_)) => {
                "there is no such upload; unused ones are removed after a day".to_owned()
            }
            Err(error @ FileError::BadName(_)) => error.to_string(),
            Err(error) => return Err(WireError::from(error)),
        };
        wrong.push(FieldError { field: upload.field.into_owned(), message: complaint });
    }
    if wrong.is_empty() { Ok(found) } else { Err(invalid(wrong)) }
}
