//! Reading from memory: every call sees one commit, for it holds the lock.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use taskyard_shared::job::{FileRef, JobDetail, JobId};
use taskyard_shared::view::{JobsQuery, SortOrder, WindowStart};

use super::Shared;
use super::job::StoredJob;
use super::yard::Yard;
use crate::store::{JobsPage, SEARCH_BUDGET_ROWS, StoreError, StoreReader};

pub(super) struct Reader {
    pub shared: Arc<Shared>,
}

impl StoreReader for Reader {
    fn list(&self, query: &JobsQuery) -> Result<JobsPage, StoreError> {
        let yard = self.shared.read();
        let limit = query.limit as usize;
        let mut page = JobsPage { rows: Vec::new(), more: false, scanned_to: None, as_of: yard.seq };
        let mut to_skip = match query.start {
            WindowStart::Offset { rows } => rows,
            WindowStart::Top | WindowStart::After { .. } => 0,
        };
        let searches = query.filter.kind.is_some() || !query.filter.text.trim().is_empty();
        for (looked_at, job) in in_order(&yard, query).enumerate() {
            if searches && looked_at == SEARCH_BUDGET_ROWS {
                page.more = true;
                page.scanned_to = last_before(&yard, query, job.row.id);
                break;
            }
            if !query.filter.matches(&job.row) {
                continue;
            }
            if to_skip > 0 {
                to_skip -= 1;
            } else if page.rows.len() < limit {
                page.rows.push(Arc::clone(&job.row));
            } else {
                page.more = true;
                break;
            }
        }
        Ok(page)
    }

    fn job(&self, id: JobId) -> Result<Option<JobDetail>, StoreError> {
        Ok(self.shared.read().jobs.get(&id).map(StoredJob::detail))
    }

    fn artifact(&self, id: JobId, name: &str) -> Result<Option<FileRef>, StoreError> {
        let yard = self.shared.read();
        Ok(yard.jobs.get(&id).and_then(|job| job.artifacts.iter().find(|file| file.name == name).cloned()))
    }

    fn unreferenced(&self, sha256: &[String]) -> Result<Vec<String>, StoreError> {
        let yard = self.shared.read();
        let used: BTreeSet<&str> = yard
            .jobs
            .values()
            .flat_map(|job| job.inputs.iter().chain(&job.artifacts))
            .map(|file| file.sha256.as_str())
            .collect();
        Ok(sha256.iter().filter(|sum| !used.contains(sum.as_str())).cloned().collect())
    }
}

/// The jobs from the window's start on, in the query's order.
fn in_order<'a>(yard: &'a Yard, query: &JobsQuery) -> Box<dyn Iterator<Item = &'a StoredJob> + 'a> {
    let after = match query.start {
        WindowStart::After { id } => Bound::Excluded(id),
        WindowStart::Top | WindowStart::Offset { .. } => Bound::Unbounded,
    };
    match query.sort {
        SortOrder::Newest => Box::new(yard.jobs.range((Bound::Unbounded, after)).rev().map(|(_, job)| job)),
        SortOrder::Oldest => Box::new(yard.jobs.range((after, Bound::Unbounded)).map(|(_, job)| job)),
    }
}

/// The job just before `id` in the query's order.
fn last_before(yard: &Yard, query: &JobsQuery, id: JobId) -> Option<JobId> {
    let neighbour = match query.sort {
        SortOrder::Newest => yard.jobs.range((Bound::Excluded(id), Bound::Unbounded)).next(),
        SortOrder::Oldest => yard.jobs.range(..id).next_back(),
    };
    neighbour.map(|(id, _)| *id)
}
