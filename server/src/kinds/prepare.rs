//! From what a client wants added to what the store keeps. Everything that can be wrong with a job is found
//! here, before anything is stored.

use std::io;
use std::sync::Arc;

use serde_json::Value;
use taskyard_shared::error::{ErrorCode, FieldError, WireError};
use taskyard_shared::job::{FileRef, NewJob};
use taskyard_shared::limits::{MAX_ARGS_BYTES, MAX_NAME_CHARS, is_identifier};

use super::erased::ReadArgs;
use super::registry::{Kind, KindRegistry};
use super::schema::complaints;
use super::worker::UploadArg;
use crate::files::{FileError, FileStore};
use crate::store::JobInsert;

impl KindRegistry {
    /// Checks a job completely. Touches the disk, on a thread that may block, only when the arguments name
    /// uploads; otherwise it never waits.
    ///
    /// # Errors
    /// Unknown kind, bad queue name, too large, or every wrong argument at once; nothing was stored.
    pub async fn prepare(&self, job: NewJob, files: &Arc<FileStore>) -> Result<JobInsert, WireError> {
        let kind = self.kind(&job.kind)?;
        let queue = queue_for(kind, job.queue.as_deref())?;
        let read = read_args(kind, job.args)?;
        let inputs = match read.uploads {
            uploads if uploads.is_empty() => Vec::new(),
            uploads => find_uploads(uploads, files).await?,
        };
        Ok(JobInsert {
            kind: Arc::clone(&kind.name),
            queue,
            name: one_line(&read.label.name),
            detail: one_line(&read.label.detail),
            args: read.json,
            inputs,
        })
    }

    fn kind(&self, name: &str) -> Result<&Kind, WireError> {
        self.kinds.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.kinds.keys().copied().collect();
            let message = format!("there is no kind \"{}\"; there are {}", one_line(name), known.join(", "));
            WireError::new(ErrorCode::UnknownKind, message)
        })
    }
}

fn queue_for(kind: &Kind, wanted: Option<&str>) -> Result<Arc<str>, WireError> {
    match wanted {
        None => Ok(Arc::clone(&kind.queue)),
        Some(wanted) if is_identifier(wanted) => Ok(wanted.into()),
        Some(_) => {
            let message = "a queue's name has at most 64 lower-case letters, digits, - and _, and starts with \
                           a letter";
            Err(WireError::new(ErrorCode::InvalidArguments, message))
        }
    }
}

fn read_args(kind: &Kind, args: Value) -> Result<ReadArgs, WireError> {
    if is_too_large(&args) {
        let message = format!("the arguments take more than {} KiB of JSON", MAX_ARGS_BYTES / 1024);
        return Err(WireError::new(ErrorCode::TooLarge, message));
    }
    let mut wrong = complaints(&kind.validator, &kind.worker.info().args_schema, &args);
    match kind.worker.read(args) {
        Ok(mut read) => {
            let new = |found: &FieldError| wrong.iter().all(|earlier| earlier.field != found.field);
            let more: Vec<FieldError> = read.complaints.drain(..).filter(new).collect();
            wrong.extend(more);
            if wrong.is_empty() {
                return Ok(read);
            }
        }
        // The schema usually said so already, in better words.
        Err(message) if wrong.is_empty() => wrong.push(FieldError { field: String::new(), message }),
        Err(_) => {}
    }
    Err(invalid(wrong))
}

async fn find_uploads(uploads: Vec<UploadArg>, files: &Arc<FileStore>) -> Result<Vec<FileRef>, WireError> {
    let files = Arc::clone(files);
    let looking = tokio::task::spawn_blocking(move || {
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
            wrong.push(FieldError { field: upload.field.to_owned(), message: complaint });
        }
        if wrong.is_empty() { Ok(found) } else { Err(invalid(wrong)) }
    });
    looking.await.unwrap_or_else(|failed| Err(WireError::new(ErrorCode::Internal, failed.to_string())))
}

fn invalid(fields: Vec<FieldError>) -> WireError {
    let message = match fields.len() {
        1 => "an argument is wrong".to_owned(),
        count => format!("{count} arguments are wrong"),
    };
    WireError { code: ErrorCode::InvalidArguments, message, fields }
}

/// Text as a list shows it: without line breaks, and cut.
fn one_line(text: &str) -> String {
    let mut chars = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = chars.by_ref().take(MAX_NAME_CHARS).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// Counts the JSON without keeping it.
fn is_too_large(args: &Value) -> bool {
    struct Budget(usize);
    impl io::Write for Budget {
        fn write(&mut self, written: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(written.len()).ok_or(io::ErrorKind::FileTooLarge)?;
            Ok(written.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Budget(MAX_ARGS_BYTES), args).is_err()
}
