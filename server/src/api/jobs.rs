//! Jobs: add, list, show, and what a person can do with one.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskyard_shared::batch::BatchId;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::limits::{MAX_LOG_LINES, MAX_VIEW_ROWS};
use taskyard_shared::log::LogLine;
use taskyard_shared::new_job::NewJob;
use taskyard_shared::reads_objects_only;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::command::run;
use super::problem::Problem;
use super::request::{Id, IdempotencyHeader, JsonBody, Query};
use crate::Yard;
use crate::services::Client;

reads_objects_only!(JobChange);

/// Answers 201 for a job that was stored, and 200 where another one has its unique key and is the answer.
pub async fn add(
    yard: web::Data<Yard>,
    client: Client,
    key: IdempotencyHeader,
    job: JsonBody<NewJob>,
) -> Result<HttpResponse, Problem> {
    yard.admit(&client).await?;
    let key = key.with_body(&job.bytes).await?;
    let added = yard.add_with(job.value, key).await?;
    let mut response = if added.is_new { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(response
        .insert_header(("location", format!("/api/v1/jobs/{}", added.id)))
        .json(Reply::JobAdded { id: added.id, is_new: added.is_new }))
}

/// The query of a list, as it stands in a URL.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// One state, or several with commas between them: `failed,cancelled`. Without it, every state.
    #[serde(default)]
    state: String,
    kind: Option<String>,
    queue: Option<String>,
    /// Only jobs that were added in this batch.
    batch: Option<BatchId>,
    /// Found in name, detail, kind, queue or error, whatever the case; `#12` is the job of that number.
    #[serde(default)]
    text: String,
    #[serde(default)]
    sort: SortOrder,
    /// Only rows behind this job in the sort order.
    after: Option<JobId>,
    /// Most rows: 1 to [`taskyard_shared::limits::MAX_VIEW_ROWS`].
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    MAX_VIEW_ROWS.min(100)
}

impl ListQuery {
    pub(super) fn parse(self) -> Result<JobsQuery, WireError> {
        let states: Result<Vec<JobState>, String> =
            self.state.split(',').filter(|word| !word.is_empty()).map(str::parse).collect();
        let states = states.map_err(|message| WireError::new(ErrorCode::InvalidQuery, message))?;
        Ok(JobsQuery {
            filter: JobFilter {
                states,
                kind: self.kind,
                queue: self.queue,
                batch: self.batch,
                text: self.text,
            },
            sort: self.sort,
            start: self.after.map_or(WindowStart::Top, |id| WindowStart::After { id }),
            limit: self.limit,
        })
    }
}

/// Rows of the list of jobs.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JobsPage")]
pub struct Page<'a> {
    rows: Vec<&'a JobSummary>,
    /// Whether others follow: `after` the last one of these.
    more: bool,
    /// Where a search for a kind or a text stopped because it had looked at enough rows: `after` this job it
    /// goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    scanned_to: Option<JobId>,
}

pub async fn list(yard: web::Data<Yard>, Query(query): Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let page = yard.list(query.parse()?).await?;
    let rows = page.rows.iter().map(|row| &**row).collect();
    Ok(HttpResponse::Ok().json(Page { rows, more: page.more, scanned_to: page.scanned_to }))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearQuery {
    /// Without it, those of every queue.
    queue: Option<String>,
}

pub async fn clear(yard: web::Data<Yard>, Query(query): Query<ClearQuery>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::ClearFinished { queue: query.queue }).await
}

pub async fn show(yard: web::Data<Yard>, Id(id): Id<JobId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.job(id).await?))
}

pub async fn delete(yard: web::Data<Yard>, Id(id): Id<JobId>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::DeleteJob { id }).await
}

/// What can be changed of a job that has not begun.
#[derive(Deserialize, JsonSchema)]
#[serde(remote = "JobChange", deny_unknown_fields)]
pub struct JobChange {
    /// Higher runs first: -100 to 100.
    priority: i16,
}

pub async fn change(
    yard: web::Data<Yard>,
    Id(id): Id<JobId>,
    change: JsonBody<JobChange>,
) -> Result<HttpResponse, Problem> {
    run(&yard, Command::SetPriority { id, priority: change.value.priority }).await
}

pub async fn cancel(yard: web::Data<Yard>, Id(id): Id<JobId>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::CancelJob { id }).await
}

pub async fn retry(yard: web::Data<Yard>, Id(id): Id<JobId>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::RetryJob { id }).await
}

pub async fn explain(yard: web::Data<Yard>, Id(id): Id<JobId>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.explain(id).await?))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// Only lines of this attempt; it keeps at most 1,000. Without it, of all attempts.
    attempt: Option<u32>,
    /// Most lines, the newest: 1 to [`taskyard_shared::limits::MAX_LOG_LINES`].
    #[serde(default = "default_limit")]
    limit: u32,
}

/// The newest lines of a job's log, oldest first.
#[derive(Serialize, JsonSchema)]
pub struct JobLog {
    lines: Vec<LogLine>,
}

pub async fn log(
    yard: web::Data<Yard>,
    Id(id): Id<JobId>,
    Query(query): Query<LogQuery>,
) -> Result<HttpResponse, Problem> {
    if !(1..=MAX_LOG_LINES).contains(&query.limit) {
        let message = format!("limit is {}; it must be 1 to {MAX_LOG_LINES}", query.limit);
        return Err(WireError::new(ErrorCode::InvalidQuery, message).into());
    }
    let lines = yard.log(id, query.attempt, query.limit).await?;
    if lines.is_empty() {
        // A job that does not exist has no lines either.
        yard.job(id).await?;
    }
    Ok(HttpResponse::Ok().json(JobLog { lines }))
}
