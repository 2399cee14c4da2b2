//! Jobs: add, list, show, cancel, retry, clear.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use taskyard_shared::command::Command;
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::job::{JobId, JobState, JobSummary, NewJob};
use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::problem::Problem;
use crate::Yard;

pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/jobs", web::post().to(add))
        .route("/jobs", web::get().to(list))
        .route("/jobs/clear", web::post().to(clear))
        .route("/jobs/{id}", web::get().to(show))
        .route("/jobs/{id}/cancel", web::post().to(cancel))
        .route("/jobs/{id}/retry", web::post().to(retry));
}

#[derive(Serialize)]
struct Added {
    id: JobId,
}

async fn add(yard: web::Data<Yard>, job: web::Json<NewJob>) -> Result<HttpResponse, Problem> {
    let id = yard.add(job.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header(("location", format!("/api/v1/jobs/{id}"))).json(Added { id }))
}

/// The query of a list, as it stands in a URL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// One state, or several with commas between them.
    #[serde(default)]
    state: String,
    kind: Option<String>,
    queue: Option<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    sort: SortOrder,
    /// Only rows behind this job in the sort order.
    after: Option<JobId>,
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    MAX_VIEW_ROWS.min(100)
}

impl ListQuery {
    fn parse(self) -> Result<JobsQuery, WireError> {
        let states: Result<Vec<JobState>, String> =
            self.state.split(',').filter(|word| !word.is_empty()).map(str::parse).collect();
        let states = states.map_err(|message| WireError::new(ErrorCode::InvalidQuery, message))?;
        Ok(JobsQuery {
            filter: JobFilter { states, kind: self.kind, queue: self.queue, text: self.text },
            sort: self.sort,
            start: self.after.map_or(WindowStart::Top, |id| WindowStart::After { id }),
            limit: self.limit,
        })
    }
}

#[derive(Serialize)]
struct Page<'a> {
    rows: Vec<&'a JobSummary>,
    more: bool,
    /// Where a search for a kind or a text stopped because it had looked at enough rows: `after` this job it
    /// goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    scanned_to: Option<JobId>,
}

async fn list(yard: web::Data<Yard>, query: web::Query<ListQuery>) -> Result<HttpResponse, Problem> {
    let page = yard.list(query.into_inner().parse()?).await?;
    let rows = page.rows.iter().map(|row| &**row).collect();
    Ok(HttpResponse::Ok().json(Page { rows, more: page.more, scanned_to: page.scanned_to }))
}

async fn show(yard: web::Data<Yard>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.job(parse_id(&id)?).await?))
}

async fn cancel(yard: web::Data<Yard>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::CancelJob { id: parse_id(&id)? }).await
}

async fn retry(yard: web::Data<Yard>, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::RetryJob { id: parse_id(&id)? }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearQuery {
    queue: Option<String>,
}

async fn clear(yard: web::Data<Yard>, query: web::Query<ClearQuery>) -> Result<HttpResponse, Problem> {
    run(&yard, Command::ClearFinished { queue: query.into_inner().queue }).await
}

/// Answers with the same reply that the command has on the WebSocket.
pub(super) async fn run(yard: &Yard, command: Command) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(yard.execute(command).await?))
}

/// Ids come as text, so that a wrong one gets a sentence.
pub(super) fn parse_id(text: &str) -> Result<JobId, WireError> {
    text.parse().map_err(|_| WireError::new(ErrorCode::NotFound, format!("\"{text}\" is not a job's number")))
}
