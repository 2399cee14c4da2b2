//! The rows of one window into the list of jobs, and how events change them. Pure: no clock, no store.
//!
//! The view knows every matching row from its start up to an edge: the window itself and some spare rows
//! behind it, so that most rows that leave are replaced without a read. Only when the spare rows are used up
//! and more exist does it need the store ([`JobsView::needs_rows`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobSummary};
use taskyard_shared::view::{JobFilter, JobsDelta, JobsQuery, JobsWindow, SortOrder, WindowStart};

use super::content::Effect;
use super::window_diff::diff;
use crate::pubsub::JobChange;
use crate::store::JobsPage;

/// Spare rows that are read behind a window of `limit` rows. As many again may gather from events before
/// the last ones are let go, so a view holds at most `limit` + 2 x this many rows.
fn spare_rows(limit: u32) -> u32 {
    (limit / 2).clamp(16, 128)
}

/// See the module.
pub struct JobsView {
    filter: JobFilter,
    sort: SortOrder,
    limit: usize,
    spare: usize,
    start: Start,
    /// Rows before the first one, where the query says.
    offset: Option<u64>,
    /// All known rows; at most `limit + 2 * spare`.
    rows: BTreeMap<JobId, Arc<JobSummary>>,
    /// The last id up to which every matching row is known; None when all are.
    edge: Option<JobId>,
    /// Something beyond the edge may have left, so that maybe nothing is there any more.
    edge_in_doubt: bool,
    /// The store's search stopped at the edge, at its budget: to read again would find no more.
    search_stopped: bool,
    total: Option<u64>,
    /// What the watchers have: the window, total and more of the latest frame. At most `limit` rows.
    sent: JobsSent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Top,
    After(JobId),
    /// An offset that was not resolved yet.
    Offset(u64),
    /// An offset beyond the last row: the window stays empty.
    Nowhere,
}

#[derive(Default)]
pub(super) struct JobsSent {
    pub rows: Vec<Arc<JobSummary>>,
    pub total: Option<u64>,
    pub more: bool,
}

impl JobsView {
    /// A view without rows: they come with the first [`JobsView::load`].
    pub fn new(query: &JobsQuery) -> Self {
        let (start, offset) = match query.start {
            WindowStart::Top | WindowStart::Offset { rows: 0 } => (Start::Top, Some(0)),
            WindowStart::After { id } => (Start::After(id), None),
            WindowStart::Offset { rows } => (Start::Offset(rows), Some(rows)),
        };
        JobsView {
            filter: query.filter.clone(),
            sort: query.sort,
            limit: query.limit as usize,
            spare: spare_rows(query.limit) as usize,
            start,
            offset,
            rows: BTreeMap::new(),
            edge: None,
            edge_in_doubt: false,
            search_stopped: false,
            total: None,
            sent: JobsSent::default(),
        }
    }

    pub fn filter(&self) -> &JobFilter {
        &self.filter
    }

    #[cfg(test)]
    pub fn known_rows(&self) -> usize {
        self.rows.len()
    }

    /// What to ask the store for. None when there is nothing to read.
    pub fn read_query(&self) -> Option<JobsQuery> {
        let start = match self.start {
            Start::Top => WindowStart::Top,
            Start::After(id) => WindowStart::After { id },
            Start::Offset(rows) => WindowStart::Offset { rows },
            Start::Nowhere => return None,
        };
        let limit = (self.limit + self.spare) as u32;
        Some(JobsQuery { filter: self.filter.clone(), sort: self.sort, start, limit })
    }

    /// Takes the rows of a page that [`JobsView::read_query`] asked for, in place of all that was known.
    pub fn load(&mut self, page: &JobsPage) {
        if let Start::Offset(_) = self.start {
            self.start = match page.rows.first() {
                None => Start::Nowhere,
                Some(first) => Start::After(self.just_before(first.id)),
            };
        }
        self.rows = page.rows.iter().map(|job| (job.id, Arc::clone(job))).collect();
        let last = page.rows.last().map(|job| job.id);
        self.edge = if page.more { page.scanned_to.or(last) } else { None };
        self.edge_in_doubt = false;
        self.search_stopped = page.scanned_to.is_some();
    }

    /// Forgets every row, and what the watchers have, but not where the window begins.
    pub fn forget_rows(&mut self) {
        self.rows.clear();
        self.edge = None;
        self.edge_in_doubt = false;
        self.search_stopped = false;
        self.sent = JobsSent::default();
    }

    /// Whether rows are missing that only the store knows.
    pub fn needs_rows(&self) -> bool {
        self.edge.is_some()
            && !self.search_stopped
            && (self.rows.len() < self.limit || (self.rows.len() == self.limit && self.edge_in_doubt))
    }

    /// Takes in the changes of one commit.
    pub fn apply_all(&mut self, changes: &[JobChange]) -> Effect {
        let changed = changes.iter().filter(|change| self.apply(change)).count();
        if changed > 0 { Effect::Changed } else { Effect::Nothing }
    }

    /// Takes in one change. Answers whether the window may look different now.
    pub fn apply(&mut self, change: &JobChange) -> bool {
        match change {
            JobChange::Changed(job) => self.changed(job),
            JobChange::Progressed(id, progress) => match self.rows.get_mut(id) {
                Some(row) if row.progress != *progress => {
                    Arc::make_mut(row).progress = *progress;
                    true
                }
                _ => false,
            },
            JobChange::Removed(ids) => {
                let known = ids.iter().filter(|id| self.remove(**id)).count();
                known > 0
            }
        }
    }

    fn changed(&mut self, job: &Arc<JobSummary>) -> bool {
        if !self.after_start(job.id) {
            return false;
        }
        if self.is_beyond_edge(job.id) {
            self.edge_in_doubt = true;
            return false;
        }
        if !self.filter.matches(job) {
            return self.rows.remove(&job.id).is_some();
        }
        self.rows.insert(job.id, Arc::clone(job));
        self.trim();
        true
    }

    fn remove(&mut self, id: JobId) -> bool {
        if self.is_beyond_edge(id) {
            self.edge_in_doubt = true;
        }
        self.rows.remove(&id).is_some()
    }

    /// Lets the last rows go when too many spare ones have gathered.
    fn trim(&mut self) {
        if self.rows.len() <= self.limit + 2 * self.spare {
            return;
        }
        while self.rows.len() > self.limit + self.spare {
            match self.sort {
                SortOrder::Newest => self.rows.pop_first(),
                SortOrder::Oldest => self.rows.pop_last(),
            };
        }
        let last = match self.sort {
            SortOrder::Newest => self.rows.first_key_value(),
            SortOrder::Oldest => self.rows.last_key_value(),
        };
        self.edge = last.map(|(id, _)| *id);
        self.edge_in_doubt = false;
        self.search_stopped = false;
    }

    /// `total` of the next frame.
    pub fn set_total(&mut self, total: Option<u64>) {
        self.total = total;
    }

    /// What changed since the latest frame; from then on that is what the watchers have.
    pub fn take_delta(&mut self) -> Option<JobsDelta> {
        let now = JobsSent { rows: self.window(), total: self.total, more: self.more() };
        let delta = diff(&self.sent, &now, self.sort);
        if delta.is_some() {
            self.sent = now;
        }
        delta
    }

    /// What the watchers have after the latest frame.
    pub fn snapshot(&self) -> JobsWindow {
        JobsWindow {
            rows: self.sent.rows.iter().map(|row| JobSummary::clone(row)).collect(),
            offset: self.offset,
            total: self.sent.total,
            more: self.sent.more,
        }
    }

    fn window(&self) -> Vec<Arc<JobSummary>> {
        match self.sort {
            SortOrder::Newest => self.rows.values().rev().take(self.limit).cloned().collect(),
            SortOrder::Oldest => self.rows.values().take(self.limit).cloned().collect(),
        }
    }

    fn more(&self) -> bool {
        self.rows.len() > self.limit || self.edge.is_some()
    }

    fn after_start(&self, id: JobId) -> bool {
        match (self.start, self.sort) {
            (Start::Top, _) => true,
            (Start::After(start), SortOrder::Newest) => id < start,
            (Start::After(start), SortOrder::Oldest) => id > start,
            (Start::Offset(_) | Start::Nowhere, _) => false,
        }
    }

    fn is_beyond_edge(&self, id: JobId) -> bool {
        match (self.edge, self.sort) {
            (None, _) => false,
            (Some(edge), SortOrder::Newest) => id < edge,
            (Some(edge), SortOrder::Oldest) => id > edge,
        }
    }

    /// The id after which a window begins that has `first` as its first row.
    fn just_before(&self, first: JobId) -> JobId {
        match self.sort {
            SortOrder::Newest => JobId(first.0.saturating_add(1)),
            SortOrder::Oldest => JobId(first.0.saturating_sub(1)),
        }
    }
}
