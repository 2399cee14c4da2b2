//! `taskyard list`.

use serde::{Deserialize, Serialize};
use taskyard::shared::job::{JobId, JobSummary};

use crate::cli::args::ListArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::table::Table;
use crate::cli::{format, output};

#[derive(Serialize, Deserialize)]
struct Page {
    rows: Vec<JobSummary>,
    more: bool,
    /// Where a search stopped because it had looked at enough jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scanned_to: Option<JobId>,
}

pub async fn run(args: ListArgs) -> Result<Exit, CliError> {
    let api = Api::new(&args.read.server)?;
    let page: Page = api.get(&["api", "v1", "jobs"], &query(&args)).await?;
    if args.read.json {
        output::json(&page)?;
        return Ok(Exit::Done);
    }
    if page.rows.is_empty() && page.scanned_to.is_none() {
        output::remark("no jobs; add one with `taskyard add`");
        return Ok(Exit::Done);
    }
    for line in table(page.rows.iter()).lines(output::width()) {
        output::line(&line)?;
    }
    if let Some(looked_at) = page.scanned_to {
        output::remark(&format!("the search looked at enough jobs for once: go on with --after {looked_at}"));
    } else if let (true, Some(last)) = (page.more, page.rows.last()) {
        output::remark(&format!("there are more: add --after {} or raise --limit", last.id));
    }
    Ok(Exit::Done)
}

/// The jobs as `list` and `watch` show them.
pub fn table<'a>(jobs: impl Iterator<Item = &'a JobSummary>) -> Table {
    let now_ms = format::now_ms();
    let mut table = Table::new(&["ID", "STATE", "KIND", "QUEUE", "NAME", "PROGRESS", "ADDED", "RAN FOR"]);
    for job in jobs {
        let name =
            if job.detail.is_empty() { job.name.clone() } else { format!("{} ({})", job.name, job.detail) };
        table.row([
            job.id.to_string(),
            job.state.to_string(),
            job.kind.clone(),
            job.queue.clone(),
            name,
            format::progress(job),
            format::ago(job.created_at_ms, now_ms),
            format::ran_for(job, now_ms),
        ]);
    }
    table
}

fn query(args: &ListArgs) -> Vec<(&'static str, String)> {
    let mut query = vec![("limit", args.limit.to_string())];
    if !args.states.is_empty() {
        let states: Vec<&str> = args.states.iter().map(|state| state.as_str()).collect();
        query.push(("state", states.join(",")));
    }
    query.push(("sort", if args.oldest { "oldest" } else { "newest" }.to_owned()));
    let rest = [
        ("kind", args.kind.clone()),
        ("queue", args.queue.clone()),
        ("text", args.text.clone()),
        ("after", args.after.map(|id| id.to_string())),
    ];
    query.extend(rest.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    query
}
