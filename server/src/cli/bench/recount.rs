//! Counting the jobs that are really in the file: the store is opened again and its list read to the end.

use std::path::Path;

use taskyard::shared::job::JobState;
use taskyard::shared::limits::MAX_VIEW_ROWS;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::host::Host;
use super::run::failed;
use super::stored::counts;
use crate::cli::error::CliError;

/// What the file holds of one queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    /// By the counts that the store keeps.
    pub counted: u64,
    /// By reading row for row.
    pub read: u64,
}

/// Jobs of `queue` in one of `states`.
pub async fn recount(dir: &Path, queue: &str, states: &[JobState]) -> Result<Recount, CliError> {
    // What waited in a paused queue must not run while it is counted.
    let host = Host::start_as_left(dir, 1).await?;
    let found = counts(&host.yard, queue).await?;
    let counted = states.iter().map(|state| found[*state]).sum();
    let filter = JobFilter { states: states.to_vec(), queue: Some(queue.to_owned()), ..JobFilter::default() };
    let mut query =
        JobsQuery { filter, sort: SortOrder::Oldest, start: WindowStart::Top, limit: MAX_VIEW_ROWS };
    let mut read = 0;
    loop {
        let page =
            host.yard.list(query.clone()).await.map_err(|error| failed("the recount failed", error))?;
        read += page.rows.len() as u64;
        match page.rows.last() {
            Some(last) if page.more => query.start = WindowStart::After { id: last.id },
            _ => break,
        }
    }
    host.stop().await?;
    Ok(Recount { counted, read })
}
