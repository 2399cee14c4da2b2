//! One window of the list.

use std::collections::BTreeSet;

use rusqlite::OptionalExtension;
use taskyard_shared::job::{JobState, JobSummary};
use taskyard_shared::queue::StateCounts;
use taskyard_shared::view::{JobFilter, JobsQuery, WindowStart};

use super::super::rows;
use super::Snapshot;
use super::walk::Walk;
use crate::store::JobsPage;
use crate::store::search::{Window, is_after_start, must_look, named_job, rows_to_skip};

/// Rows read at once where rows have to be looked at to know which pass.
const SEARCH_CHUNK: usize = 512;

impl Snapshot<'_> {
    pub fn list(&self, query: &JobsQuery) -> rusqlite::Result<JobsPage> {
        let to_skip = rows_to_skip(query);
        if let Some(id) = named_job(&query.filter) {
            let mut window = Window::new(query, to_skip, self.as_of);
            if is_after_start(query, id)
                && let Ok(id) = i64::try_from(id.0)
                && let Some(job) = self.summary(id)?
            {
                let _ = window.offer(job);
            }
            return Ok(window.into_page());
        }
        // A batch is small enough to be looked through for the jobs of one queue.
        let searches =
            must_look(&query.filter) || (query.filter.batch.is_some() && query.filter.queue.is_some());
        let mut window = Window::new(query, if searches { to_skip } else { 0 }, self.as_of);
        if !searches && to_skip >= self.passing(&query.filter)? {
            return Ok(window.into_page());
        }
        let after = match query.start {
            // A number that no job can have lies beyond the last one.
            WindowStart::After { id } => Some(i64::try_from(id.0).unwrap_or(i64::MAX)),
            WindowStart::Top | WindowStart::Offset { .. } => None,
        };
        let mut walk = Walk::begin(self, &query.filter, query.sort, after)?;
        if !searches {
            walk.skip(self, query.sort, to_skip)?;
        }
        loop {
            let most = if searches { SEARCH_CHUNK } else { window.wanted() };
            let jobs = walk.next(self, query.sort, most)?;
            if jobs.is_empty() || jobs.into_iter().any(|job| window.offer(job).is_break()) {
                return Ok(window.into_page());
            }
        }
    }

    /// How many jobs a filter by state, and by queue or batch, lets pass.
    pub fn passing(&self, filter: &JobFilter) -> rusqlite::Result<u64> {
        let states: BTreeSet<JobState> = if filter.states.is_empty() {
            JobState::ALL.into_iter().collect()
        } else {
            filter.states.iter().copied().collect()
        };
        let count = |counts: &StateCounts| states.iter().map(|state| counts[*state]).sum::<u64>();
        if let Some(batch) = filter.batch {
            return Ok(count(&self.batch_counts(batch)?));
        }
        let is_wanted = |name: &String| filter.queue.as_ref().is_none_or(|wanted| wanted == name);
        Ok(self.queues.iter().filter(|(name, _)| is_wanted(name)).map(|(_, counts)| count(counts)).sum())
    }

    pub fn summary(&self, id: i64) -> rusqlite::Result<Option<JobSummary>> {
        self.conn
            .prepare_cached(rows::ROW)?
            .query_row([id], |row| rows::summary(row, self.queue_name(rows::queue_id(row)?)?))
            .optional()
    }
}
