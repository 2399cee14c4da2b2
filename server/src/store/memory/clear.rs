//! Deleting finished jobs.

use std::collections::BTreeMap;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState};

use super::job::StoredJob;
use super::lists::Queue;
use super::yard::Yard;
use crate::store::ops::{ClearedGroup, DeleteResult, OpResult};

impl Yard {
    pub fn delete(&mut self, id: JobId) -> DeleteResult {
        let Some(state) = self.state(id) else { return DeleteResult::NotFound };
        if !state.is_finished() {
            return DeleteResult::WrongState(state);
        }
        let (removed, resolves) = self.noting_ends(|yard| yard.remove(id));
        match removed.and_then(|job| self.grouped(vec![job]).pop()) {
            Some(group) => DeleteResult::Deleted { group, resolves },
            None => DeleteResult::NotFound,
        }
    }

    pub fn clear(
        &mut self,
        queue: Option<&str>,
        state: Option<JobState>,
        finished_by_ms: i64,
        limit: usize,
    ) -> OpResult {
        let wanted = self.lists.queues.iter().filter(|known| queue.is_none_or(|name| *known.name == *name));
        let states = || JobState::ALL.into_iter().filter(|known| state.is_none_or(|state| *known == state));
        let finished =
            wanted.flat_map(|queue| states().flat_map(|state| finished(queue, state, finished_by_ms)));
        let gone: Vec<JobId> = finished.filter(|id| !self.is_result_wanted(*id)).take(limit).collect();
        let (jobs, resolves) =
            self.noting_ends(|yard| gone.iter().filter_map(|id| yard.remove(*id)).collect());
        OpResult::Cleared { groups: self.grouped(jobs), more: gone.len() == limit, resolves }
    }

    /// Whether a job that has not ended takes up its result.
    fn is_result_wanted(&self, id: JobId) -> bool {
        let takers = self.edges.before(id).filter_map(|dependency| self.jobs.get(&dependency.job));
        takers.into_iter().any(|taker| taker.takes_results && !taker.row.state.is_finished())
    }

    /// By queue, in the order in which those were created, and state.
    pub fn grouped(&self, jobs: Vec<StoredJob>) -> Vec<ClearedGroup> {
        let mut groups = BTreeMap::<(usize, JobState), Vec<JobId>>::new();
        for job in jobs {
            groups.entry((self.lists.index(&job.row.queue), job.row.state)).or_default().push(job.row.id);
        }
        let group = |((queue, state), mut ids): (_, Vec<JobId>)| {
            ids.sort_unstable();
            let queue: &Queue = &self.lists.queues[queue];
            ClearedGroup { queue: Arc::clone(&queue.name), state, ids }
        };
        groups.into_iter().map(group).collect()
    }
}

/// Jobs that reached this state by then, those that did so first before the others.
fn finished(queue: &Queue, state: JobState, by_ms: i64) -> impl Iterator<Item = JobId> {
    let all = queue.finished.range((state, i64::MIN, JobId(0))..=(state, by_ms, JobId(u64::MAX)));
    all.map(|(_, _, id)| *id)
}
