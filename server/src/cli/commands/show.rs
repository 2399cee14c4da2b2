//! `taskyard show`, and how a job's outcome is told.

use serde_json::Value;
use taskyard::shared::job::{Attempt, FileRef, JobDetail, JobState};

use crate::cli::args::ShowArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{bytes, moment, plain, progress, span};
use crate::cli::output;

pub async fn run(args: ShowArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.read.server)?;
    let detail: JobDetail = api.get(&["api", "v1", "jobs", &args.id.to_string()], &[]).await?;
    if args.read.json {
        output::json(&detail)?;
        return Ok(Exit::Done);
    }
    head(&detail)?;
    section("Arguments", &[pretty(&detail.args)])?;
    section("Attempts", &detail.attempts.iter().map(attempt).collect::<Vec<_>>())?;
    section("Files given", &detail.inputs.iter().map(file).collect::<Vec<_>>())?;
    outcome(&api, &detail)?;
    Ok(Exit::Done)
}

/// Error, result and artifacts of a job: what `add --wait` ends with, too.
pub fn outcome(api: &Api, detail: &JobDetail) -> Result<(), CliError> {
    let job = &detail.job;
    if let Some(error) = &detail.error {
        // Of a job that runs again or has completed since, the error is the previous attempt's.
        let heading = if job.state == JobState::Failed { "Error" } else { "Latest error" };
        section(heading, &[error.lines().map(plain).collect::<Vec<_>>().join("\n")])?;
    }
    if let Some(result) = &detail.result {
        section("Result", &[pretty(result)])?;
    }
    let id = job.id.to_string();
    let artifacts = detail.artifacts.iter().map(|artifact| {
        let address = api.address(&["api", "v1", "jobs", &id, "artifacts", &artifact.name]);
        format!("{}\n  {address}", file(artifact))
    });
    section("Artifacts", &artifacts.collect::<Vec<_>>())
}

fn head(detail: &JobDetail) -> Result<(), CliError> {
    let job = &detail.job;
    output::line(format!("#{} {} {}", job.id, plain(&job.name), plain(&job.detail)).trim_end())?;
    let mut facts = vec![
        ("state", format!("{} {}", job.state, progress(job)).trim_end().to_owned()),
        ("kind", job.kind.clone()),
        ("queue", job.queue.clone()),
        ("added", moment(job.created_at_ms)),
    ];
    facts.extend(job.started_at_ms.map(|at| ("started", moment(at))));
    facts.extend(job.finished_at_ms.map(|at| ("finished", moment(at))));
    for (name, value) in facts {
        output::line(&format!("  {name:<9} {value}"))?;
    }
    Ok(())
}

/// Lines under a heading; nothing at all when there are none.
fn section(heading: &str, entries: &[String]) -> Result<(), CliError> {
    if entries.is_empty() {
        return Ok(());
    }
    output::line(heading)?;
    for line in entries.iter().flat_map(|entry| entry.lines()) {
        output::line(&format!("  {line}"))?;
    }
    Ok(())
}

fn attempt(attempt: &Attempt) -> String {
    let outcome = attempt.outcome.map_or("running", |outcome| outcome.as_str());
    let took = attempt.ended_at_ms.map(|end| format!(" after {}", span(end - attempt.started_at_ms)));
    let error = attempt.error.as_deref().map(|error| format!(": {}", plain(error)));
    let (took, error) = (took.unwrap_or_default(), error.unwrap_or_default());
    format!("{}. {} {outcome}{took}{error}", attempt.number, moment(attempt.started_at_ms))
}

fn file(file: &FileRef) -> String {
    format!("{} ({}, {})", plain(&file.name), plain(&file.media_type), bytes(file.bytes))
}

/// serde_json escapes control characters, so this is safe on a terminal.
fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
