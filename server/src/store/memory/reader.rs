//! Reading from memory: every call sees one commit, for it holds the lock.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use taskyard_shared::job::{FileRef, JobDetail, JobId};
use taskyard_shared::view::{JobsQuery, SortOrder, WindowStart};

use super::Shared;
use super::job::StoredJob;
use super::yard::Yard;
use crate::store::search::{Window, is_after_start, named_job, rows_to_skip};
use crate::store::{JobsPage, StoreError, StoreReader};

pub(super) struct Reader {
    pub shared: Arc<Shared>,
}

impl StoreReader for Reader {
    fn list(&self, query: &JobsQuery) -> Result<JobsPage, StoreError> {
        let yard = self.shared.read();
        let mut window = Window::new(query, rows_to_skip(query), yard.seq);
        for job in in_order(&yard, query) {
            if window.offer(Arc::clone(&job.row)).is_break() {
                break;
            }
        }
        Ok(window.into_page())
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
    if let Some(id) = named_job(&query.filter) {
        return Box::new(yard.jobs.get(&id).filter(|job| is_after_start(query, job.row.id)).into_iter());
    }
    let after = match query.start {
        WindowStart::After { id } => Bound::Excluded(id),
        WindowStart::Top | WindowStart::Offset { .. } => Bound::Unbounded,
    };
    match query.sort {
        SortOrder::Newest => Box::new(yard.jobs.range((Bound::Unbounded, after)).rev().map(|(_, job)| job)),
        SortOrder::Oldest => Box::new(yard.jobs.range((after, Bound::Unbounded)).map(|(_, job)| job)),
    }
}
