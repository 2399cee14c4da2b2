//! The job that `add` and `schedule set` describe.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use taskyard::shared::job::FileRef;
use taskyard::shared::kind::KindInfo;
use taskyard::shared::limits::MAX_UPLOAD_BYTES;
use taskyard::shared::new_job::{After, NewJob, Unique};

use crate::cli::args::{OptionArgs, WhenArgs, WorkArgs};
use crate::cli::arguments::{Schema, fill_uploads, from_pairs, name_after_file};
use crate::cli::client::Api;
use crate::cli::error::CliError;
use crate::cli::format;

/// The job with its arguments, its files uploaded.
pub async fn with_work(api: &Api, work: WorkArgs, paths: &[PathBuf]) -> Result<NewJob, CliError> {
    let kinds = api.kinds().await?;
    let kind = find_kind(&kinds, &work.kind)?;
    let schema = Schema::new(&kind.args_schema);
    let mut args = json_args(&work)?;
    from_pairs(&mut args, &work.pairs, schema).map_err(CliError::Usage)?;
    let wrong_files = |error: &str| CliError::Usage(error.to_owned());
    // Said before anything is uploaded for nothing.
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    fill_uploads(&mut args.clone(), &names, schema).map_err(wrong_files)?;
    let mut files = Vec::new();
    for path in paths {
        files.push(upload(api, path).await?);
    }
    let sums: Vec<String> = files.iter().map(|file| file.sha256.clone()).collect();
    fill_uploads(&mut args, &sums, schema).map_err(wrong_files)?;
    name_after_file(&mut args, &files, schema);
    Ok(NewJob::new(work.kind, Value::Object(args)))
}

/// The same job, run like this.
pub fn with_options(job: NewJob, options: OptionArgs) -> NewJob {
    let unique = options.unique.map(|key| Unique {
        key,
        period_ms: options.unique_for,
        states: None,
        on_conflict: options.on_conflict.unwrap_or_default(),
    });
    NewJob {
        queue: options.queue,
        priority: options.priority.unwrap_or_default(),
        max_attempts: options.max_attempts,
        backoff: options.backoff,
        timeout_ms: options.timeout,
        cache_for_ms: options.cache_for,
        unique,
        ..job
    }
}

/// The same job, at this time.
pub fn with_time(job: NewJob, when: WhenArgs) -> NewJob {
    NewJob {
        run_at: when.run_at,
        delay_ms: when.delay,
        expires_at: when.expires_at,
        after: when.after.into_iter().map(After::Job).collect(),
        on_failure: when.on_failure.unwrap_or_default(),
        ..job
    }
}

/// A file's text; `-` is standard input.
pub fn read_text(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(path).map(|content| text = content),
    };
    read.map_err(|error| unreadable(path, &error)).map(|()| text)
}

fn find_kind<'a>(kinds: &'a [KindInfo], name: &str) -> Result<&'a KindInfo, CliError> {
    kinds.iter().find(|kind| kind.kind == name).ok_or_else(|| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
        CliError::Usage(format!("there is no kind \"{name}\"; this server has {}", names.join(", ")))
    })
}

/// What `--args` or `--args-file` holds.
fn json_args(work: &WorkArgs) -> Result<Map<String, Value>, CliError> {
    let text = match (&work.args, &work.args_file) {
        (Some(text), _) => text.clone(),
        (None, Some(path)) => read_text(path)?,
        (None, None) => return Ok(Map::new()),
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => {
            Err(CliError::Usage("the arguments are not a JSON object such as {\"key\":\"value\"}".to_owned()))
        }
        Err(error) => Err(CliError::Usage(format!("the arguments are not JSON: {error}"))),
    }
}

async fn upload(api: &Api, path: &Path) -> Result<FileRef, CliError> {
    let about = tokio::fs::metadata(path).await.map_err(|error| unreadable(path, &error))?;
    if about.len() > MAX_UPLOAD_BYTES {
        return Err(CliError::Usage(format!(
            "{} has {}; an upload has at most {}",
            path.display(),
            format::bytes(about.len()),
            format::bytes(MAX_UPLOAD_BYTES)
        )));
    }
    let content = tokio::fs::read(path).await.map_err(|error| unreadable(path, &error))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    api.upload(&name, content).await
}

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Unreadable { path: path.display().to_string(), reason: error.to_string() }
}
