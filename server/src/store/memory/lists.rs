//! Where each job is listed: by its queue, its state, its time and its batch, with exact counts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::queue::StateCounts;

use crate::store::ops::QueueSettings;

/// Highest priority first, then lowest id.
pub(super) type Turn = (Reverse<i16>, JobId);

pub(super) fn turn(job: &JobSummary) -> Turn {
    (Reverse(job.priority), job.id)
}

#[derive(Default)]
pub(super) struct Lists {
    /// In the order in which they were created.
    pub queues: Vec<Queue>,
    by_name: HashMap<Arc<str>, usize>,
    /// With the time at which they become pending.
    pub scheduled: BTreeSet<(i64, JobId)>,
    pub batches: BTreeMap<BatchId, BatchStatus>,
}

pub(super) struct Queue {
    pub name: Arc<str>,
    pub settings: QueueSettings,
    pub counts: StateCounts,
    /// Pending, and held back by nothing.
    pub ready: BTreeSet<Turn>,
    ready_ids: BTreeSet<JobId>,
    pub processing: BTreeSet<JobId>,
    /// With the time at which they finished.
    pub finished: BTreeSet<(JobState, i64, JobId)>,
}

impl Lists {
    pub fn find(&self, queue: &str) -> Option<&Queue> {
        self.by_name.get(queue).map(|index| &self.queues[*index])
    }

    pub fn find_mut(&mut self, queue: &str) -> Option<&mut Queue> {
        self.by_name.get(queue).map(|index| &mut self.queues[*index])
    }

    /// Creates the queue, with the settings of one that nobody has configured.
    pub fn create(&mut self, name: &Arc<str>) {
        self.by_name.insert(Arc::clone(name), self.queues.len());
        self.queues.push(Queue {
            name: Arc::clone(name),
            settings: QueueSettings::with_concurrency(1),
            counts: StateCounts::default(),
            ready: BTreeSet::new(),
            ready_ids: BTreeSet::new(),
            processing: BTreeSet::new(),
            finished: BTreeSet::new(),
        });
    }

    /// Lists a job that nothing holds back; its queue and its batch are known.
    pub fn enter(&mut self, job: &JobSummary) {
        self.count(job, |count| *count += 1);
        if job.state == JobState::Scheduled {
            self.scheduled.insert((job.run_at_ms.unwrap_or_default(), job.id));
        }
        self.queue_of(job).enter(job);
    }

    /// Takes a job out, listed as it was; one that was held back is not among the ready ones.
    pub fn leave(&mut self, job: &JobSummary) {
        self.count(job, |count| *count -= 1);
        if job.state == JobState::Scheduled {
            self.scheduled.remove(&(job.run_at_ms.unwrap_or_default(), job.id));
        }
        self.queue_of(job).leave(job);
    }

    /// A pending job that no claim is to look at.
    pub fn hold(&mut self, job: &JobSummary) {
        self.queue_of(job).unready(job);
    }

    /// A pending job that the next claim is to look at.
    pub fn release(&mut self, job: &JobSummary) {
        self.queue_of(job).make_ready(job);
    }

    /// The place of a queue that exists.
    pub fn index(&self, queue: &str) -> usize {
        self.by_name[queue]
    }

    fn queue_of(&mut self, job: &JobSummary) -> &mut Queue {
        let index = self.index(&job.queue);
        &mut self.queues[index]
    }

    fn count(&mut self, job: &JobSummary, change: impl Fn(&mut u64)) {
        change(&mut self.queue_of(job).counts[job.state]);
        if let Some(batch) = job.batch.and_then(|id| self.batches.get_mut(&id)) {
            change(&mut batch.counts[job.state]);
        }
    }
}

impl Queue {
    /// The job whose turn it is.
    pub fn first(&self) -> Option<JobId> {
        self.ready.first().map(|(_, id)| *id)
    }

    /// The jobs that have waited longest.
    pub fn oldest(&self, most: u32) -> VecDeque<JobId> {
        self.ready_ids.iter().take(most as usize).copied().collect()
    }

    fn enter(&mut self, job: &JobSummary) {
        match job.state {
            JobState::Pending => self.make_ready(job),
            JobState::Processing => _ = self.processing.insert(job.id),
            JobState::Completed | JobState::Failed | JobState::Cancelled => {
                self.finished.insert((job.state, job.finished_at_ms.unwrap_or_default(), job.id));
            }
            JobState::Scheduled | JobState::Waiting => {}
        }
    }

    fn leave(&mut self, job: &JobSummary) {
        match job.state {
            JobState::Pending => self.unready(job),
            JobState::Processing => _ = self.processing.remove(&job.id),
            JobState::Completed | JobState::Failed | JobState::Cancelled => {
                self.finished.remove(&(job.state, job.finished_at_ms.unwrap_or_default(), job.id));
            }
            JobState::Scheduled | JobState::Waiting => {}
        }
    }

    fn make_ready(&mut self, job: &JobSummary) {
        self.ready.insert(turn(job));
        self.ready_ids.insert(job.id);
    }

    fn unready(&mut self, job: &JobSummary) {
        self.ready.remove(&turn(job));
        self.ready_ids.remove(&job.id);
    }
}
