//! `taskyard add`.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};
use taskyard::shared::job::{FileRef, JobId, NewJob};
use taskyard::shared::kind::KindInfo;
use taskyard::shared::limits::MAX_UPLOAD_BYTES;

use super::wait;
use crate::cli::args::AddArgs;
use crate::cli::arguments::{Schema, fill_uploads, from_pairs, name_after_file};
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::{format, output};

#[derive(Deserialize)]
struct Added {
    id: JobId,
}

pub async fn run(args: AddArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.server)?;
    let kinds = api.kinds().await?;
    let kind = find_kind(&kinds, &args.kind)?;
    let schema = Schema::new(&kind.args_schema);
    let mut job_args = json_args(&args)?;
    from_pairs(&mut job_args, &args.pairs, schema).map_err(CliError::Usage)?;
    // Said before anything is uploaded for nothing.
    let paths: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
    fill_uploads(&mut job_args.clone(), &paths, schema).map_err(|error| CliError::Usage(error.to_owned()))?;
    let mut files = Vec::new();
    for path in &args.files {
        files.push(upload(&api, path).await?);
    }
    let sums: Vec<String> = files.iter().map(|file| file.sha256.clone()).collect();
    fill_uploads(&mut job_args, &sums, schema).map_err(|error| CliError::Usage(error.to_owned()))?;
    name_after_file(&mut job_args, &files, schema);
    let job = NewJob { kind: args.kind, queue: args.queue, args: Value::Object(job_args) };
    let added: Added = api.post(&["api", "v1", "jobs"], &[], &job).await?;
    match args.wait {
        true => {
            output::remark(&format!("job {} is added", added.id));
            wait::until_ended(&api, added.id).await
        }
        false => {
            output::line(&added.id.to_string())?;
            Ok(Exit::Done)
        }
    }
}

fn find_kind<'a>(kinds: &'a [KindInfo], name: &str) -> Result<&'a KindInfo, CliError> {
    kinds.iter().find(|kind| kind.kind == name).ok_or_else(|| {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
        CliError::Usage(format!("there is no kind \"{name}\"; this server has {}", names.join(", ")))
    })
}

/// What `--args` or `--args-file` holds.
fn json_args(args: &AddArgs) -> Result<Map<String, Value>, CliError> {
    let text = match (&args.args, &args.args_file) {
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

fn read_text(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let read = match path.to_str() {
        Some("-") => std::io::stdin().lock().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(path).map(|content| text = content),
    };
    read.map_err(|error| unreadable(path, &error)).map(|()| text)
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
