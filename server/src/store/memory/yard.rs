//! What the memory store holds, and the change of a job that everything else is made of.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::operation::OperationId;

use super::answers::Answers;
use super::edges::Edges;
use super::job::StoredJob;
use super::lists::{self, Lists};
use super::meters::{MeterId, Meters};
use super::operations::StoredOperation;
use crate::store::endings::Ending;
use crate::store::ops::{Moved, StoredQueue, StoredSchedule, StoredYard};
use crate::store::{CommitSeq, transition, turns};

#[derive(Default)]
pub(super) struct Yard {
    pub jobs: BTreeMap<JobId, StoredJob>,
    pub lists: Lists,
    pub edges: Edges,
    pub meters: Meters,
    /// Towards which meters each attempt counts, until its work has ended: even after its job is gone.
    pub uses: BTreeMap<(JobId, u32), Vec<MeterId>>,
    /// The latest job with each unique key.
    pub unique_keys: HashMap<String, JobId>,
    pub answers: Answers,
    pub schedules: BTreeMap<String, StoredSchedule>,
    pub operations: BTreeMap<OperationId, StoredOperation>,
    pub last_operation: u64,
    pub last_id: u64,
    pub seq: CommitSeq,
    /// Whether anything changed since `seq`.
    pub changed: bool,
}

impl Yard {
    /// Ends a transaction.
    pub fn commit(&mut self, now_ms: i64) -> CommitSeq {
        self.meters.forget_unused(now_ms);
        self.seq.0 += u64::from(std::mem::take(&mut self.changed));
        self.seq
    }

    pub fn stored(&self) -> StoredYard {
        let mut queues: Vec<_> = self
            .lists
            .queues
            .iter()
            .map(|queue| StoredQueue {
                name: Arc::clone(&queue.name),
                settings: queue.settings.clone(),
                counts: queue.counts,
            })
            .collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        StoredYard {
            queues,
            processing: self.processing().iter().map(|id| self.claimed(*id)).collect(),
            still_counted: self.still_counted(),
            limits: self.meters.statuses(),
            schedules: self.schedules.values().cloned().collect(),
            operations: self.operations.values().rev().map(|stored| stored.operation.clone()).collect(),
            due_at_ms: self.next_due_at_ms(),
            unresolved: !self.edges.ends.is_empty(),
            commit: self.seq,
        }
    }

    fn still_counted(&self) -> Vec<JobId> {
        let is_over = |id: JobId, attempt: u32| {
            self.jobs.get(&id).is_none_or(|job| !transition::is_running(&job.row, attempt))
        };
        let over = self.uses.keys().filter(|(id, attempt)| is_over(*id, *attempt));
        over.map(|(id, _)| *id).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// All jobs at work, by id.
    pub fn processing(&self) -> BTreeSet<JobId> {
        self.lists.queues.iter().flat_map(|queue| queue.processing.iter().copied()).collect()
    }

    /// When there is something to promote.
    pub fn next_due_at_ms(&self) -> Option<i64> {
        let scheduled = self.lists.scheduled.first().map(|(at_ms, _)| *at_ms);
        scheduled.into_iter().chain(self.meters.next_due_at_ms()).min()
    }

    /// Creates the queue where needed.
    pub fn ensure_queue(&mut self, name: &Arc<str>) {
        if self.lists.find(name).is_none() {
            self.lists.create(name);
            self.changed = true;
        }
    }

    pub fn state(&self, id: JobId) -> Option<JobState> {
        self.jobs.get(&id).map(|job| job.row.state)
    }

    /// Changes a job, and where it is listed if it belongs elsewhere now; nothing holds it back then. If it has
    /// ended, that is remembered for those that wait for it.
    pub fn update<T>(&mut self, id: JobId, change: impl FnOnce(&mut StoredJob) -> T) -> Option<T> {
        let job = self.jobs.get_mut(&id)?;
        let before = Arc::clone(&job.row);
        let answer = change(job);
        let now = Arc::clone(&job.row);
        if place(&before) == place(&now) {
            return Some(answer);
        }
        let held_by = job.held_by.take();
        self.changed = true;
        self.lists.leave(&before);
        self.lists.enter(&now);
        if let Some(meter) = held_by {
            self.meters.let_go(meter, self.lists.index(&before.queue), lists::turn(&before));
        }
        if let Some(ending) = Ending::of(now.state).filter(|_| !before.state.is_finished()) {
            self.edges.ended(id, ending);
        }
        Some(answer)
    }

    /// Makes a change of a job's row that may be forbidden. None: it was, and nothing changed.
    pub fn transit(&mut self, id: JobId, change: impl FnOnce(&mut JobSummary) -> bool) -> Option<Moved> {
        let from = self.state(id)?;
        let row = |job: &mut StoredJob| change(Arc::make_mut(&mut job.row)).then(|| Arc::clone(&job.row));
        let job = self.update(id, row)??;
        Some(Moved { job, from })
    }

    /// The same where the change leaves an error that the row has all of.
    pub fn transit_with_error(
        &mut self,
        id: JobId,
        change: impl FnOnce(&mut JobSummary) -> bool,
    ) -> Option<Moved> {
        let moved = self.transit(id, change)?;
        if let Some(job) = self.jobs.get_mut(&id) {
            job.error.clone_from(&moved.job.error);
        }
        Some(moved)
    }

    /// Holds a pending job back.
    pub fn hold(&mut self, id: JobId, meter: MeterId, now_ms: i64) {
        if let Some(job) = self.jobs.get_mut(&id) {
            self.lists.hold(&job.row);
            self.meters.hold(meter, self.lists.index(&job.row.queue), lists::turn(&job.row), now_ms);
            job.held_by = Some(meter);
            self.changed = true;
        }
    }

    /// Lets the next claim look at a job, if something holds it back. Answers its queue then.
    pub fn release(&mut self, id: JobId) -> Option<Arc<str>> {
        let job = self.jobs.get_mut(&id)?;
        let meter = job.held_by.take()?;
        self.meters.let_go(meter, self.lists.index(&job.row.queue), lists::turn(&job.row));
        self.lists.release(&job.row);
        self.changed = true;
        self.lists.find(&job.row.queue).map(|queue| Arc::clone(&queue.name))
    }

    /// Releases one that a meter holds back, after so many others: of a queue that can start it before all others, and
    /// of that the one that a claim looks at first. (When one is to go by age, the claim looks at that one instead.)
    /// Answers its queue, if there was one.
    pub fn release_first(&mut self, meter: MeterId, released: u32) -> Option<Arc<str>> {
        let can_start = |queue| self.can_start(queue);
        let first = self.meters.first_held(meter, released, can_start);
        let (queue, _) = first.or_else(|| self.meters.first_held(meter, released, |_| true))?;
        self.release(self.meters.first_held_of(meter, queue)?)
    }

    /// Whether the queue at this place would start a job now, as far as the store knows.
    pub fn can_start(&self, queue: usize) -> bool {
        let queue = &self.lists.queues[queue];
        turns::can_start(&queue.settings, &queue.counts)
    }

    /// Removes a job that has ended, with all that belongs to it.
    pub fn remove(&mut self, id: JobId) -> Option<StoredJob> {
        let job = self.jobs.remove(&id)?;
        self.changed = true;
        self.lists.leave(&job.row);
        self.edges.forget(id);
        self.edges.ended(id, Ending::Deleted);
        if let Some(key) = &job.options.unique_key
            && self.unique_keys.get(key) == Some(&id)
        {
            self.unique_keys.remove(key);
        }
        Some(job)
    }

    /// Runs `work`, and tells besides whether anybody is to be told of an end that came of it.
    pub fn noting_ends<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, bool) {
        let before = self.edges.ends.len();
        let answer = work(self);
        (answer, self.edges.ends.len() > before)
    }
}

/// What decides where a job is listed.
fn place(job: &JobSummary) -> (JobState, i16, Option<i64>, Option<i64>) {
    (job.state, job.priority, job.run_at_ms, job.finished_at_ms)
}
