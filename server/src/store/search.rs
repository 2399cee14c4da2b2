//! How a window of the list is filled: one way, whatever the store.

use std::borrow::Borrow;
use std::ops::ControlFlow;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobSummary};
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, WindowStart};

use super::{CommitSeq, JobsPage, SEARCH_BUDGET_ROWS};

/// Whether rows have to be looked at to know which pass: a state and a queue can be told from an index.
pub(super) fn must_look(filter: &JobFilter) -> bool {
    filter.kind.is_some() || !filter.text.trim().is_empty()
}

/// The one job that the filter's text names by its number, if it does.
pub(super) fn named_job(filter: &JobFilter) -> Option<JobId> {
    filter.text.trim().strip_prefix('#').and_then(|digits| digits.parse().ok()).map(JobId)
}

/// Whether the job of this number can lie in a window that begins at the query's start.
pub(super) fn is_after_start(query: &JobsQuery, job: JobId) -> bool {
    match (query.start, query.sort) {
        (WindowStart::After { id }, SortOrder::Newest) => job < id,
        (WindowStart::After { id }, SortOrder::Oldest) => job > id,
        (WindowStart::Top | WindowStart::Offset { .. }, _) => true,
    }
}

/// Rows before the window that still have to be passed over.
pub(super) fn rows_to_skip(query: &JobsQuery) -> u64 {
    match query.start {
        WindowStart::Offset { rows } => rows,
        WindowStart::Top | WindowStart::After { .. } => 0,
    }
}

/// A window that is being filled: it is offered jobs in the query's order until it has had enough.
pub(super) struct Window<'q> {
    query: &'q JobsQuery,
    to_skip: u64,
    /// How many more may be looked at; None where that is not bounded, as every row passes.
    budget: Option<usize>,
    last: Option<JobId>,
    page: JobsPage,
}

impl<'q> Window<'q> {
    /// `to_skip`: how many of the jobs that pass come before the window.
    pub fn new(query: &'q JobsQuery, to_skip: u64, as_of: CommitSeq) -> Self {
        Window {
            query,
            to_skip,
            budget: must_look(&query.filter).then_some(SEARCH_BUDGET_ROWS),
            last: None,
            page: JobsPage { rows: Vec::new(), more: false, scanned_to: None, as_of },
        }
    }

    /// `Break`: the window needs no further rows.
    pub fn offer(&mut self, job: impl Borrow<JobSummary> + Into<Arc<JobSummary>>) -> ControlFlow<()> {
        if self.budget == Some(0) {
            self.page.more = true;
            self.page.scanned_to = self.last;
            return ControlFlow::Break(());
        }
        self.budget = self.budget.map(|left| left - 1);
        let row: &JobSummary = job.borrow();
        self.last = Some(row.id);
        if !self.query.filter.matches(row) {
            return ControlFlow::Continue(());
        }
        if self.to_skip > 0 {
            self.to_skip -= 1;
        } else if self.page.rows.len() < self.query.limit as usize {
            self.page.rows.push(job.into());
        } else {
            self.page.more = true;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// How many more rows it takes until the window knows that it is full.
    pub fn wanted(&self) -> usize {
        self.query.limit as usize + 1 - self.page.rows.len()
    }

    pub fn into_page(self) -> JobsPage {
        self.page
    }
}
