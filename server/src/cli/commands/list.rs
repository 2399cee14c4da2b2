//! `taskyard list`.

use serde::Deserialize;
use taskyard::shared::job::{JobId, JobSummary};

use crate::cli::args::ListArgs;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format;
use crate::cli::output::{self, Form};
use crate::cli::table::Table;

#[derive(Deserialize)]
struct Page {
    rows: Vec<JobSummary>,
    more: bool,
    /// Where a search stopped because it had looked at enough jobs.
    #[serde(default)]
    scanned_to: Option<JobId>,
}

pub async fn run(args: ListArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args.client)?.get(&["jobs"], &query(&args)).await?;
    if args.client.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let page: Page = answer.read()?;
    if page.rows.is_empty() && page.scanned_to.is_none() {
        output::remark("no jobs; add one with `taskyard add`");
        return Ok(Exit::Done);
    }
    output::table(&table(page.rows.iter()))?;
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
    let mut table = Table::new(&[
        "ID", "STATE", "RUNS", "KIND", "QUEUE", "PRIORITY", "NAME", "PROGRESS", "FAILED", "ADDED", "RAN FOR",
    ])
    .with_optional(&["RUNS", "PRIORITY", "FAILED"]);
    for job in jobs {
        let name =
            if job.detail.is_empty() { job.name.clone() } else { format!("{} ({})", job.name, job.detail) };
        table.row([
            job.id.to_string(),
            job.state.to_string(),
            format::runs(job, now_ms),
            job.kind.clone(),
            job.queue.clone(),
            format::priority(job),
            name,
            format::progress(job),
            format::failures(job),
            format::ago(job.created_at_ms, now_ms),
            format::ran_for(job, now_ms),
        ]);
    }
    table
}

fn query(args: &ListArgs) -> Vec<(&'static str, String)> {
    let mut query = vec![("limit", args.limit.to_string())];
    if !args.filter.states.is_empty() {
        let states: Vec<&str> = args.filter.states.iter().map(|state| state.as_str()).collect();
        query.push(("state", states.join(",")));
    }
    query.push(("sort", if args.oldest { "oldest" } else { "newest" }.to_owned()));
    let rest = [
        ("kind", args.filter.kind.clone()),
        ("queue", args.filter.queue.clone()),
        ("batch", args.filter.batch.map(|id| id.to_string())),
        ("text", args.filter.text.clone()),
        ("after", args.after.map(|id| id.to_string())),
    ];
    query.extend(rest.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))));
    query
}
