//! Counting the jobs that are really in the file: the store is opened again and its list read to the end.

use std::path::Path;

use taskyard::shared::job::JobState;
use taskyard::shared::limits::MAX_VIEW_ROWS;
use taskyard::shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::host::Host;
use super::probe::QUEUE;
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

/// Jobs of the measured queue in `state`.
pub async fn recount(dir: &Path, state: JobState) -> Result<Recount, CliError> {
    let host = Host::start(dir, 1).await?;
    let counted = counts(&host.yard, QUEUE).await?[state];
    let filter = JobFilter { states: vec![state], queue: Some(QUEUE.to_owned()), ..JobFilter::default() };
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
