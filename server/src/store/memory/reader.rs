//! Reading from memory: every call sees one commit, for it holds the lock.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobSummary};
use taskyard_shared::limits::MAX_SHOWN_DEPENDENTS;
use taskyard_shared::view::{JobsQuery, SortOrder, WindowStart};

use super::Shared;
use super::job::StoredJob;
use super::yard::Yard;
use crate::store::search::{Window, is_after_start, named_job, rows_to_skip};
use crate::store::{
    EndedJob, IdempotencyKey, InsertResult, JobsPage, LogPage, StoreError, StoreReader, WaitingFacts,
};

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
        let yard = self.shared.read();
        let Some(job) = yard.jobs.get(&id) else { return Ok(None) };
        Ok(Some(JobDetail {
            after: yard.edges.after(id).collect(),
            before: yard.edges.before(id).take(MAX_SHOWN_DEPENDENTS).collect(),
            ..job.detail()
        }))
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
            .chain(yard.schedules.values().flat_map(|schedule| &schedule.job.inputs))
            .map(|file| file.sha256.as_str())
            .collect();
        Ok(sha256.iter().filter(|sum| !used.contains(sum.as_str())).cloned().collect())
    }

    fn log(&self, id: JobId, attempt: Option<u32>, limit: u32) -> Result<LogPage, StoreError> {
        let yard = self.shared.read();
        let lines =
            yard.jobs.get(&id).map(|job| job.newest_lines(attempt, limit as usize)).unwrap_or_default();
        Ok(LogPage { lines, as_of: yard.seq })
    }

    fn ended(&self, after: EndedJob, limit: u32) -> Result<Vec<Arc<JobSummary>>, StoreError> {
        let yard = self.shared.read();
        let place = |job: &StoredJob| {
            let at_ms = job.row.finished_at_ms.filter(|_| job.row.state.is_finished())?;
            Some(EndedJob { at_ms, id: job.row.id }).filter(|place| *place > after)
        };
        let mut found: Vec<_> =
            yard.jobs.values().filter_map(|job| Some((place(job)?, Arc::clone(&job.row)))).collect();
        found.sort_unstable_by_key(|(place, _)| *place);
        Ok(found.into_iter().take(limit as usize).map(|(_, row)| row).collect())
    }

    fn answered(&self, key: &IdempotencyKey, now_ms: i64) -> Result<Option<InsertResult>, StoreError> {
        Ok(self.shared.read().answers.find(key, now_ms))
    }

    fn batch(&self, id: BatchId) -> Result<Option<BatchStatus>, StoreError> {
        Ok(self.shared.read().lists.batches.get(&id).cloned())
    }

    fn waiting_facts(&self, id: JobId) -> Result<Option<WaitingFacts>, StoreError> {
        Ok(self.shared.read().waiting_facts(id))
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
