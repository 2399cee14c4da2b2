//! A file that a job's arguments name, for every kind that takes files: an upload, or an artifact of another job.
//!
//! A kind puts [`FileArg`]s into its arguments (as a field, or in lists), hands on what [`FileArg::check`] and
//! [`FileArg::upload`] say in its own `check` and `uploads`, and opens them with
//! [`JobContext::open_file`](super::JobContext::open_file) when it runs. An artifact is looked for only then, so it may
//! be one of a job that has not run yet: whoever adds the job has it come `after` that one.
//!
//! `{"ref": "name"}`, for a job that is added in the same call, is stored as `{"after": 0}`, and becomes `{"job": 12}`
//! when an attempt begins: [`super::results`] does both, and finds the places by the schema's `"format": "file"`.

use std::fs::File;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use taskyard_shared::error::FieldError;
use taskyard_shared::job::{FileRef, JobId, JobState};
use taskyard_shared::reads_objects_only;

use super::job_error::JobError;
use super::sentences::join;
use super::worker::UploadArg;
use crate::files::{FileError, FileStore, is_plain_name};
use crate::store::StoreReader;

/// Most names of artifacts that an error lists.
const MAX_LISTED: usize = 10;

/// A file: an upload, `{"upload": "<sha256>", "name": "photo.jpg"}`, or an artifact of another job,
/// `{"job": 12, "name": "photo-320.webp"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "FileArg", deny_unknown_fields)]
#[schemars(extend("format" = "file"))]
pub struct FileArg {
    /// An upload: the SHA-256 of its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Upload", with = "String")]
    #[schemars(extend("format" = "upload", "pattern" = "^[0-9a-f]{64}$"))]
    pub upload: Option<String>,
    /// An artifact of this job. It is looked for when this one runs, so have it come `after` that job unless that has
    /// ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Artifact of job", with = "JobId")]
    pub job: Option<JobId>,
    /// An artifact of a job that is added in the same call, by its `ref`. This job must come `after` it.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Artifact of the job called", with = "String")]
    pub job_ref: Option<String>,
    /// An artifact of one of the jobs that this one comes `after`, by its place there; counts from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(title = "Artifact of the job at this place of after", with = "usize")]
    pub after: Option<usize>,
    /// Of an artifact its name; of an upload what to call it, which may be left out.
    #[serde(default)]
    #[schemars(title = "File name", length(max = 200))]
    pub name: String,
}

reads_objects_only!(FileArg);

impl Serialize for FileArg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        FileArg::serialize(self, serializer)
    }
}

/// A file that is open for reading.
#[derive(Debug)]
pub struct OpenedFile {
    pub file: FileRef,
    pub content: File,
}

impl FileArg {
    /// What a schema cannot say. `at` is the JSON Pointer to this argument.
    pub fn check(&self, at: &str, wrong: &mut Vec<FieldError>) {
        let given = [self.upload.is_some(), self.job.is_some(), self.job_ref.is_some(), self.after.is_some()];
        let is_artifact = self.upload.is_none();
        let complaint = match given.into_iter().filter(|given| *given).count() {
            1 if self.name.is_empty() && is_artifact => {
                Some(("name", "name is required: that of the artifact"))
            }
            1 if self.name.is_empty() || is_plain_name(&self.name) => None,
            1 => Some(("name", "name must be a plain file name, without folders")),
            _ => Some(("", "say which file with one of upload, job, ref and after")),
        };
        if let Some((field, message)) = complaint {
            let field = if field.is_empty() { at.to_owned() } else { join(at, field) };
            wrong.push(FieldError { field, message: message.to_owned() });
        }
    }

    /// The upload that it is, for [`super::Worker::uploads`]. `at` is the JSON Pointer to this argument.
    pub fn upload(&self, at: &str) -> Option<UploadArg> {
        let sha256 = self.upload.clone()?;
        Some(UploadArg { field: join(at, "upload").into(), sha256, name: self.name.clone() })
    }

    /// What a person calls it: `photo.jpg`, `photo-320.webp of job 12`.
    pub fn in_words(&self) -> String {
        match (self.job, &self.upload) {
            (Some(job), _) => format!("{} of job {job}", self.name),
            (None, Some(sha256)) if self.name.is_empty() => {
                format!("upload {}", sha256.chars().take(8).collect::<String>())
            }
            (None, _) => self.name.clone(),
        }
    }

    /// Finds the file and opens it. From then on it is not swept away for a day, whatever becomes of the job that made
    /// it. Only for an artifact does it matter whether there is a `reader`. Blocks on the disk and on the store.
    ///
    /// # Errors
    /// The file is not there, which is told for good unless its job has not ended; or the disk or the store refused.
    pub(super) fn open(
        &self,
        files: &FileStore,
        reader: Result<Arc<dyn StoreReader>, JobError>,
    ) -> Result<OpenedFile, JobError> {
        let gone = |error| match error {
            FileError::NotFound(_) => {
                JobError::new(format!("{} is not there any more", self.in_words())).do_not_retry()
            }
            other => JobError::from(other),
        };
        let file = match (&self.upload, self.job) {
            (Some(sha256), None) => files.describe(sha256, &self.name).map_err(gone)?,
            (None, Some(job)) => {
                let file = self.artifact(job, &*reader?)?;
                files.describe(&file.sha256, &file.name).map_err(gone)?;
                file
            }
            _ => {
                let message = format!("nobody knows any more which file \"{}\" is", self.name);
                return Err(JobError::new(message).do_not_retry());
            }
        };
        let content = files.open_file(&file.sha256).map_err(gone)?;
        Ok(OpenedFile { file, content })
    }

    fn artifact(&self, id: JobId, reader: &dyn StoreReader) -> Result<FileRef, JobError> {
        if let Some(file) = reader.artifact(id, &self.name)? {
            return Ok(file);
        }
        let name = &self.name;
        let for_good = |message: String| Err(JobError::new(message).do_not_retry());
        let Some(job) = reader.job(id)? else { return for_good(format!("there is no job {id}")) };
        if !job.job.state.is_finished() {
            return Err(JobError::new(format!(
                "job {id} has not ended, so it has no \"{name}\" yet; have this job come after it"
            )));
        }
        let mut names: Vec<&str> = job.artifacts.iter().map(|file| file.name.as_str()).collect();
        if names.len() > MAX_LISTED {
            names.truncate(MAX_LISTED);
            names.push("…");
        }
        let ended = match job.job.state {
            JobState::Completed => String::new(),
            state => format!(", which is {state},"),
        };
        for_good(match names.as_slice() {
            [] => format!("job {id}{ended} has no artifact \"{name}\"; it has none at all"),
            names => format!("job {id}{ended} has no artifact \"{name}\"; it has {}", names.join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kinds::tests::{TestFiles, test_files};
    use crate::store::{MemoryStore, Store};

    fn complaints(arg: serde_json::Value) -> Vec<(String, String)> {
        let arg: FileArg = serde_json::from_value(arg).expect("the right fields");
        let mut wrong = Vec::new();
        arg.check("/files/0", &mut wrong);
        wrong.into_iter().map(|wrong| (wrong.field, wrong.message)).collect()
    }

    #[test]
    fn a_file_is_named_in_exactly_one_way() {
        let sum = "a".repeat(64);
        assert_eq!(complaints(json!({"upload": sum})), []);
        assert_eq!(complaints(json!({"job": 1, "name": "a.jpg"})), []);
        let one_way = "say which file with one of upload, job, ref and after";
        for wrong in [json!({"name": "a"}), json!({"upload": sum, "job": 1, "name": "a"})] {
            assert_eq!(complaints(wrong), [("/files/0".to_owned(), one_way.to_owned())]);
        }
        for (wrong, says) in [
            (json!({"after": 0}), "name is required: that of the artifact"),
            (json!({"job": 1, "name": "../a"}), "name must be a plain file name, without folders"),
        ] {
            assert_eq!(complaints(wrong), [("/files/0/name".to_owned(), says.to_owned())]);
        }
    }

    #[test]
    fn a_list_of_its_fields_is_no_file() {
        let list = json!(["a".repeat(64), null, null, null, "a.jpg"]);
        assert!(serde_json::from_value::<FileArg>(list).is_err());
    }

    fn open(arg: FileArg, files: &TestFiles) -> Result<OpenedFile, String> {
        arg.open(&files.files, Ok(MemoryStore::new().reader())).map_err(|error| error.message)
    }

    #[test]
    fn an_upload_is_opened_by_its_sum() {
        let files = test_files();
        let stored = files.files.put("a.txt", "text/plain", b"abc").expect("stored");
        let arg = FileArg { upload: Some(stored.sha256), name: "b.txt".to_owned(), ..FileArg::default() };
        let opened = open(arg, &files).expect("it is there");
        assert_eq!((opened.file.name.as_str(), opened.file.bytes), ("b.txt", 3));
        assert_eq!(std::io::read_to_string(opened.content).expect("readable"), "abc");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let files = test_files();
        let upload = FileArg { upload: Some("0".repeat(64)), ..FileArg::default() };
        assert_eq!(open(upload, &files).expect_err("gone"), "upload 00000000 is not there any more");
        let artifact = FileArg { job: Some(JobId(7)), name: "a".to_owned(), ..FileArg::default() };
        assert_eq!(open(artifact, &files).expect_err("gone"), "there is no job 7");
    }
}
