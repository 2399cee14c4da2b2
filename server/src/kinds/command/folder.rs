//! The private folder of one attempt: copies of the files that the job gives to the program, where it works, and where
//! it leaves files of its own. It is removed with the attempt.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::declaration::Declaration;
use super::parameter::Parameter;
use crate::files::FileStore;
use crate::kinds::context::JobContext;
use crate::kinds::job_error::JobError;

/// Only the server's own user may look into it.
const PRIVATE: u32 = 0o700;

pub(super) struct Folder {
    dir: TempDir,
    /// Where the copy for each parameter lies.
    inputs: BTreeMap<String, PathBuf>,
}

impl Folder {
    /// Makes it in the system's folder for temporary files, and copies the files that `values` names. Blocks on the
    /// disk.
    ///
    /// # Errors
    /// A file is not there any more, or the disk refused.
    pub fn make(
        declaration: &Declaration,
        values: &BTreeMap<&str, Value>,
        files: &FileStore,
    ) -> Result<Self, JobError> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(PRIVATE));
        let dir = builder.prefix("taskyard-command-").tempdir()?;
        for inner in ["input", "work", "output"] {
            fs::create_dir(dir.path().join(inner))?;
        }
        let mut inputs = BTreeMap::new();
        for (name, parameter) in &declaration.parameters {
            let (Parameter::File { extension }, Some(sha256)) =
                (parameter, values.get(name.as_str()).and_then(Value::as_str))
            else {
                continue;
            };
            let described = files.describe(sha256, "")?;
            let found = Path::new(&described.name).extension().and_then(|found| found.to_str());
            let extension = extension.as_deref().or(found).unwrap_or("bin");
            let path = dir.path().join("input").join(format!("{name}.{extension}"));
            copy(files, sha256, &path)?;
            inputs.insert(name.clone(), path);
        }
        Ok(Folder { dir, inputs })
    }

    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub fn output(&self) -> PathBuf {
        self.dir.path().join("output")
    }

    /// What is put into the place of a parameter.
    pub fn text_of(&self, name: &str, values: &BTreeMap<&str, Value>) -> OsString {
        if let Some(path) = self.inputs.get(name) {
            return path.into();
        }
        match values.get(name) {
            Some(Value::String(text)) => text.into(),
            Some(other) => other.to_string().into(),
            None => OsString::new(),
        }
    }

    /// Makes artifacts of the files in its output folder, in the order of their names. What is neither a file nor a
    /// folder, links among it, is passed over, and so are folders; the log says so. Blocks on the disk.
    ///
    /// # Errors
    /// More or larger files than declared, or than fit into the store; a name that no file may have; the disk.
    pub fn keep_output(&self, declaration: &Declaration, ctx: &JobContext) -> Result<Vec<Value>, JobError> {
        let (max_files, max_bytes) =
            (declaration.config.max_output_files as usize, declaration.config.max_output_bytes());
        let mut found = BTreeMap::new();
        let mut bytes = 0_u64;
        for entry in fs::read_dir(self.output())? {
            let entry = entry?;
            // Does not follow links.
            let metadata = entry.metadata()?;
            if !metadata.is_file() {
                ctx.warn(format!("{} is no file, and is not kept", entry.file_name().display()));
                continue;
            }
            bytes = bytes.saturating_add(metadata.len());
            found.insert(entry.file_name(), entry.path());
            if found.len() > max_files {
                return Err(JobError::new(format!("it left more than {max_files} files")).do_not_retry());
            }
        }
        if bytes > max_bytes {
            let message = format!(
                "the files that it left take {bytes} bytes; {} MiB are allowed",
                declaration.config.max_output_mb
            );
            return Err(JobError::new(message).do_not_retry());
        }
        found.into_iter().map(|(name, path)| keep(&name, &path, max_bytes, ctx)).collect()
    }
}

fn keep(name: &OsString, path: &Path, max_bytes: u64, ctx: &JobContext) -> Result<Value, JobError> {
    let name = name.to_str().ok_or_else(|| {
        JobError::new(format!("it left a file whose name is not UTF-8: {}", name.display())).do_not_retry()
    })?;
    let file = ctx.keep_artifact_from(name, File::open(path)?, max_bytes)?;
    Ok(json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 }))
}

/// A copy, not a link: the program may write into it, and the store's own must never change.
fn copy(files: &FileStore, sha256: &str, to: &Path) -> Result<(), JobError> {
    std::io::copy(&mut files.open_file(sha256)?, &mut File::create_new(to)?)?;
    Ok(())
}
