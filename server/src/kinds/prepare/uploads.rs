//! The uploads that arguments name: each must be there.

use taskyard_shared::error::{FieldError, WireError};
use taskyard_shared::job::FileRef;

use super::wrong::invalid;
use crate::files::{FileError, FileStore};
use crate::kinds::worker::UploadArg;

/// Blocks on the disk. The same upload under the same name counts once; those that nobody gave a name are numbered.
pub(super) fn find(uploads: Vec<UploadArg>, files: &FileStore) -> Result<Vec<FileRef>, WireError> {
    let mut found: Vec<FileRef> = Vec::new();
    let mut wrong = Vec::new();
    for upload in uploads {
        let complaint = match files.describe(&upload.sha256, &upload.name) {
            Ok(file) if found.contains(&file) => continue,
            Ok(file) if upload.name.is_empty() => {
                found.extend(numbered(file, &found));
                continue;
            }
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

/// The file under a name that no other has: `upload.jpg`, `upload-2.jpg`. None: the same is there already.
fn numbered(file: FileRef, found: &[FileRef]) -> Option<FileRef> {
    if found.iter().any(|earlier| earlier.sha256 == file.sha256) {
        return None;
    }
    let (stem, extension) = file.name.rsplit_once('.').unwrap_or((&file.name, "bin"));
    let mut name = file.name.clone();
    for number in 2.. {
        if found.iter().all(|earlier| earlier.name != name) {
            break;
        }
        name = format!("{stem}-{number}.{extension}");
    }
    Some(FileRef { name, ..file })
}
