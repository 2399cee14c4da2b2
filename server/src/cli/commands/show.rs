//! `taskyard show`, and how a job's outcome is told.

use serde_json::Value;
use taskyard::shared::job::{Attempt, Dependency, DependencyState, FileRef, JobDetail, JobState};
use taskyard::shared::new_job::OnFailure;

use crate::cli::args::JobArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::{bytes, failures, moment, plain, priority, progress, span};
use crate::cli::output::{self, Form};
use crate::cli::values::{backoff_in_words, in_words};

pub async fn run(args: JobArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.client)?;
    let answer = api.get(&["jobs", &args.id.to_string()], &[]).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let detail: JobDetail = answer.read()?;
    head(&detail)?;
    section("Comes after", &detail.after.iter().map(awaited).collect::<Vec<_>>())?;
    section("Comes before", &detail.before.iter().map(waiting).collect::<Vec<_>>())?;
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
        let heading = match detail.reused {
            Some(earlier) => format!("Result of job {earlier}"),
            None => "Result".to_owned(),
        };
        section(&heading, &[pretty(result)])?;
    }
    let id = job.id.to_string();
    let artifacts = detail.artifacts.iter().map(|artifact| {
        let address = api.address(&["jobs", &id, "artifacts", &artifact.name]);
        format!("{}\n  {address}", file(artifact))
    });
    section("Artifacts", &artifacts.collect::<Vec<_>>())
}

fn head(detail: &JobDetail) -> Result<(), CliError> {
    let job = &detail.job;
    output::line(format!("#{} {} {}", job.id, plain(&job.name), plain(&job.detail)).trim_end())?;
    let optional = [
        ("priority", priority(job)),
        ("batch", job.batch.map(|id| id.to_string()).unwrap_or_default()),
        ("runs", job.run_at_ms.map(moment).unwrap_or_default()),
        ("started", job.started_at_ms.map(moment).unwrap_or_default()),
        ("finished", job.finished_at_ms.map(moment).unwrap_or_default()),
        ("failed", failures(job)),
    ];
    let facts = [
        ("state", format!("{} {}", job.state, progress(job)).trim_end().to_owned()),
        ("kind", job.kind.clone()),
        ("queue", job.queue.clone()),
        ("added", moment(job.created_at_ms)),
    ];
    let facts = facts.into_iter().chain(optional).chain(options(detail));
    for (name, value) in facts.filter(|(_, value)| !value.is_empty()) {
        output::line(&format!("  {name:<10} {value}"))?;
    }
    Ok(())
}

/// What was asked for, where it is not what holds for every job.
fn options(detail: &JobDetail) -> Vec<(&'static str, String)> {
    let options = &detail.options;
    let on_failure = match options.on_failure {
        OnFailure::Stop => "",
        OnFailure::Continue => "of one that it waits for: runs all the same",
        OnFailure::Cancel => "of one that it waits for: is cancelled",
    };
    let retries = match detail.job.max_attempts {
        1 => String::new(),
        attempts => format!("up to {attempts} attempts, {}", backoff_in_words(&options.backoff)),
    };
    vec![
        ("retries", retries),
        ("timeout", options.timeout_ms.map(in_words).unwrap_or_default()),
        ("cache for", options.cache_for_ms.map(in_words).unwrap_or_default()),
        ("expires", options.expires_at_ms.map(moment).unwrap_or_default()),
        ("unique", options.unique_key.as_deref().map(plain).unwrap_or_default()),
        ("on failure", on_failure.to_owned()),
    ]
}

/// Of one that the job waits for.
fn awaited(dependency: &Dependency) -> String {
    let state = match dependency.state {
        DependencyState::Open => "has not ended",
        DependencyState::Blocked => "did not complete",
        DependencyState::Met => "has ended",
    };
    format!("job {} {state}", dependency.job)
}

/// Of one that waits for the job.
fn waiting(dependency: &Dependency) -> String {
    let state = match dependency.state {
        DependencyState::Open => "waits",
        DependencyState::Blocked => "is held up, since this one did not complete",
        DependencyState::Met => "waits no longer",
    };
    format!("job {} {state}", dependency.job)
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
