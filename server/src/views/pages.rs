//! What views read from the store.

use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::view::JobsQuery;

use crate::store::{CommitSeq, JobsPage, LogPage, StoreError, StoreReader};

/// What a view asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    Jobs(JobsQuery),
    /// As many lines as a view shows.
    Log(JobId),
}

/// What it gets.
#[derive(Debug)]
pub enum Page {
    Jobs(JobsPage),
    Log(LogPage),
}

impl Read {
    /// Blocks on I/O.
    pub fn run(&self, reader: &dyn StoreReader) -> Result<Page, StoreError> {
        match self {
            Read::Jobs(query) => reader.list(query).map(Page::Jobs),
            Read::Log(job) => reader.log(*job, None, MAX_VIEW_ROWS).map(Page::Log),
        }
    }
}

impl Page {
    /// The latest commit that it shows.
    pub fn as_of(&self) -> CommitSeq {
        match self {
            Page::Jobs(page) => page.as_of,
            Page::Log(page) => page.as_of,
        }
    }
}
