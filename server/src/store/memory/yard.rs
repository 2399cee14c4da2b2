//! What the memory store holds, and how each operation changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use taskyard_shared::job::{AttemptOutcome, FileRef, JobId, JobState, JobSummary, Progress};
use taskyard_shared::queue::StateCounts;

use super::job::StoredJob;
use crate::store::ops::{
    AttemptEnd, CancelResult, ClaimedJob, ClearedGroup, JobInsert, OpResult, QueueSettings, RetryResult,
    StoredQueue, StoredYard, WriteOp,
};
use crate::store::{CommitSeq, StoreError, transition};

#[derive(Default)]
pub(super) struct Yard {
    pub jobs: BTreeMap<JobId, StoredJob>,
    /// In the order in which they were created.
    queues: Vec<Queue>,
    by_name: HashMap<Arc<str>, usize>,
    last_id: u64,
    pub seq: CommitSeq,
    /// Whether anything changed since `seq`.
    changed: bool,
}

struct Queue {
    name: Arc<str>,
    settings: QueueSettings,
    counts: StateCounts,
    pending: BTreeSet<JobId>,
    processing: BTreeSet<JobId>,
    /// With the time at which they finished.
    finished: BTreeSet<(i64, JobId)>,
}

/// Refuses what a store must not take in.
pub(super) fn check(ops: &[WriteOp]) -> Result<(), StoreError> {
    for op in ops {
        let WriteOp::Insert { jobs } = op else { continue };
        for job in jobs {
            let names: BTreeSet<&str> = job.inputs.iter().map(|file| file.name.as_str()).collect();
            if names.len() < job.inputs.len() {
                return Err(StoreError::Refused("two inputs of a job have the same name".to_owned()));
            }
        }
    }
    Ok(())
}

impl Yard {
    pub fn apply(&mut self, op: &WriteOp, now_ms: i64) -> OpResult {
        match op {
            WriteOp::Insert { jobs } => {
                OpResult::Inserted(jobs.iter().map(|job| self.insert(job, now_ms)).collect())
            }
            WriteOp::Claim { queue, limit } => OpResult::Claimed(self.claim(queue, *limit, now_ms)),
            WriteOp::Finish { id, attempt, end, artifacts } => {
                OpResult::Finished(self.finish(*id, *attempt, end, artifacts, now_ms))
            }
            WriteOp::Progress { reports } => OpResult::Progressed(
                reports
                    .iter()
                    .filter(|(id, attempt, progress)| self.report(*id, *attempt, *progress))
                    .map(|(id, _, progress)| (*id, *progress))
                    .collect(),
            ),
            WriteOp::Cancel { id } => OpResult::Cancelled(self.cancel(*id, now_ms)),
            WriteOp::Retry { id } => OpResult::Retried(self.retry(*id, now_ms)),
            WriteOp::Clear { queue, finished_by_ms, limit } => {
                self.clear(queue.as_deref(), *finished_by_ms, *limit as usize)
            }
            WriteOp::ConfigureQueue { queue, settings } => {
                let index = self.queue(queue);
                self.changed |= self.queues[index].settings != *settings;
                self.queues[index].settings = settings.clone();
                OpResult::QueueConfigured
            }
        }
    }

    /// Ends a transaction.
    pub fn commit(&mut self) -> CommitSeq {
        self.seq.0 += u64::from(std::mem::take(&mut self.changed));
        self.seq
    }

    pub fn stored(&self) -> StoredYard {
        let mut queues: Vec<_> = self
            .queues
            .iter()
            .map(|queue| StoredQueue {
                name: Arc::clone(&queue.name),
                settings: queue.settings.clone(),
                counts: queue.counts,
            })
            .collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        let processing = self.processing().iter().map(|id| self.jobs[id].claimed()).collect();
        StoredYard { queues, processing, commit: self.seq }
    }

    pub fn recover_lost(&mut self, max_losses: u32, now_ms: i64) -> u64 {
        let lost = self.processing();
        for id in &lost {
            self.update(*id, |job| {
                let losses = job.attempt_lost(now_ms);
                let row = Arc::make_mut(&mut job.row);
                if let Some(error) = transition::lose(row, losses, max_losses, now_ms) {
                    job.fail(error);
                }
            });
        }
        lost.len() as u64
    }

    /// All jobs at work, by id.
    fn processing(&self) -> BTreeSet<JobId> {
        self.queues.iter().flat_map(|queue| queue.processing.iter().copied()).collect()
    }

    /// The queue's place; it is created where needed.
    fn queue(&mut self, name: &Arc<str>) -> usize {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        self.changed = true;
        self.by_name.insert(Arc::clone(name), self.queues.len());
        self.queues.push(Queue {
            name: Arc::clone(name),
            settings: QueueSettings { concurrency: 1, paused: false },
            counts: StateCounts::default(),
            pending: BTreeSet::new(),
            processing: BTreeSet::new(),
            finished: BTreeSet::new(),
        });
        self.queues.len() - 1
    }

    fn insert(&mut self, insert: &JobInsert, now_ms: i64) -> Arc<JobSummary> {
        let index = self.queue(&insert.queue);
        self.last_id += 1;
        self.changed = true;
        let job = StoredJob::new(JobId(self.last_id), insert, now_ms);
        let row = Arc::clone(&job.row);
        self.queues[index].enter(&row);
        self.jobs.insert(row.id, job);
        row
    }

    fn claim(&mut self, queue: &str, limit: u32, now_ms: i64) -> Vec<ClaimedJob> {
        let Some(index) = self.by_name.get(queue) else { return Vec::new() };
        let ready: Vec<_> = self.queues[*index].pending.iter().take(limit as usize).copied().collect();
        let claim = |job: &mut StoredJob| {
            transition::claim(Arc::make_mut(&mut job.row), now_ms);
            job.attempt_began(now_ms);
            job.claimed()
        };
        ready.into_iter().filter_map(|id| self.update(id, claim)).collect()
    }

    fn finish(
        &mut self,
        id: JobId,
        attempt: u32,
        end: &AttemptEnd,
        artifacts: &[FileRef],
        now_ms: i64,
    ) -> Option<Arc<JobSummary>> {
        self.jobs.get(&id).filter(|job| transition::is_running(&job.row, attempt))?;
        self.update(id, |job| {
            let left = transition::finish(Arc::make_mut(&mut job.row), attempt, end, now_ms)?;
            job.attempt_finished(&left, artifacts, now_ms);
            Some(Arc::clone(&job.row))
        })?
    }

    fn report(&mut self, id: JobId, attempt: u32, progress: Progress) -> bool {
        let Some(job) = self.jobs.get_mut(&id) else { return false };
        let changes = transition::is_running(&job.row, attempt) && job.row.progress != progress;
        if changes {
            Arc::make_mut(&mut job.row).progress = progress;
            self.changed = true;
        }
        changes
    }

    fn cancel(&mut self, id: JobId, now_ms: i64) -> CancelResult {
        let Some(state) = self.jobs.get(&id).map(|job| job.row.state) else { return CancelResult::NotFound };
        let was_running = state == JobState::Processing;
        let cancelled = self.update(id, |job| {
            transition::cancel(Arc::make_mut(&mut job.row), now_ms).then(|| {
                if was_running {
                    job.attempt_ended(AttemptOutcome::Cancelled, None, now_ms);
                }
                Arc::clone(&job.row)
            })
        });
        match cancelled.flatten() {
            Some(job) => CancelResult::Cancelled { job, was_running },
            None => CancelResult::AlreadyFinished(state),
        }
    }

    fn retry(&mut self, id: JobId, now_ms: i64) -> RetryResult {
        let Some(from) = self.jobs.get(&id).map(|job| job.row.state) else { return RetryResult::NotFound };
        let retried = self.update(id, |job| {
            transition::retry(Arc::make_mut(&mut job.row), now_ms).then(|| Arc::clone(&job.row))
        });
        match retried.flatten() {
            Some(job) => RetryResult::Retried { job, from },
            None => RetryResult::WrongState(from),
        }
    }

    fn clear(&mut self, queue: Option<&str>, finished_by_ms: i64, limit: usize) -> OpResult {
        let mut groups = Vec::new();
        let mut left = limit;
        for queue in self.queues.iter_mut().filter(|known| queue.is_none_or(|name| *known.name == *name)) {
            let end = (finished_by_ms, JobId(u64::MAX));
            let gone: Vec<_> = queue.finished.range(..=end).take(left).copied().collect();
            left -= gone.len();
            let mut by_state = BTreeMap::<JobState, Vec<JobId>>::new();
            for (_, id) in gone {
                if let Some(job) = self.jobs.remove(&id) {
                    queue.leave(&job.row);
                    by_state.entry(job.row.state).or_default().push(id);
                }
            }
            groups.extend(by_state.into_iter().map(|(state, mut ids)| {
                ids.sort_unstable();
                ClearedGroup { queue: Arc::clone(&queue.name), state, ids }
            }));
        }
        self.changed |= left < limit;
        OpResult::Cleared { groups, more: left == 0 }
    }

    /// Changes a job, and where it is listed if its state changed.
    fn update<T>(&mut self, id: JobId, change: impl FnOnce(&mut StoredJob) -> T) -> Option<T> {
        let job = self.jobs.get_mut(&id)?;
        let before = Arc::clone(&job.row);
        let answer = change(job);
        if job.row.state != before.state {
            let index = self.by_name[before.queue.as_str()];
            self.queues[index].leave(&before);
            self.queues[index].enter(&job.row);
            self.changed = true;
        }
        Some(answer)
    }
}

impl Queue {
    fn enter(&mut self, job: &JobSummary) {
        self.counts[job.state] += 1;
        match job.state {
            JobState::Pending => self.pending.insert(job.id),
            JobState::Processing => self.processing.insert(job.id),
            _ => self.finished.insert((job.finished_at_ms.unwrap_or_default(), job.id)),
        };
    }

    fn leave(&mut self, job: &JobSummary) {
        self.counts[job.state] -= 1;
        match job.state {
            JobState::Pending => self.pending.remove(&job.id),
            JobState::Processing => self.processing.remove(&job.id),
            _ => self.finished.remove(&(job.finished_at_ms.unwrap_or_default(), job.id)),
        };
    }
}
