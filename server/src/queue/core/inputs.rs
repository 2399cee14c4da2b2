//! What callers and the executor ask: checked, and turned into operations for the store.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState, Progress};
use taskyard_shared::log::LogLine;
use taskyard_shared::new_job::AddMode;

use super::decision::{AddedBy, Decision, EndedAttempt, RequestId};
use super::pending::Pending;
use super::state::{Core, MAX_UNWRITTEN_BYTES, MAX_UNWRITTEN_JOBS, Mode, Phase};
use crate::queue::messages::QueueError;
use crate::store::{AddTerms, JobInsert, WriteOp};

/// Jobs deleted by one operation of a clear, so that other work gets its turn in between.
pub(super) const CLEAR_STEP_JOBS: u32 = 1_000;
/// Lines of logs that may wait for the store at the same time; more are let go, and counted.
const MAX_UNWRITTEN_LINES: usize = 20_000;

impl Core {
    pub(super) fn add(
        &mut self,
        request: RequestId,
        mut jobs: Vec<JobInsert>,
        mut terms: AddTerms,
        by: AddedBy,
        out: &mut Vec<Decision>,
    ) {
        if let Err(error) = self.has_room_for(&jobs, by) {
            return out.push(Decision::Answer(request, Err(error)));
        }
        terms.refused = self.refused_by_queues(&jobs);
        let nothing_is_added = terms.mode == AddMode::AllOrNothing && !terms.refused.is_empty();
        let mut per_queue: Vec<(Arc<str>, u32)> = Vec::new();
        for (place, job) in jobs.iter_mut().enumerate() {
            if nothing_is_added || terms.refused.contains_key(&place) {
                continue;
            }
            self.make_queue(&job.queue, out);
            self.take_queue_defaults(job);
            if !job.after.is_empty() || job.run_at_ms.is_some() {
                continue;
            }
            match per_queue.iter_mut().find(|(queue, _)| *queue == job.queue) {
                Some((_, count)) => *count += 1,
                None => per_queue.push((job.queue.clone(), 1)),
            }
        }
        let bytes = bytes_of(&jobs);
        self.unwritten_jobs += jobs.len();
        self.unwritten_bytes += bytes;
        let pending = Pending::Insert { request, jobs: jobs.len(), bytes };
        self.write(pending, WriteOp::Insert { jobs, terms }, out);
        for (queue, added) in per_queue {
            self.claim_behind_insert(&queue, added, out);
        }
    }

    /// Whether so many jobs may be handed to the store now.
    fn has_room_for(&self, jobs: &[JobInsert], by: AddedBy) -> Result<(), QueueError> {
        if self.mode == Mode::Draining && by == AddedBy::Caller {
            return Err(QueueError::Stopping);
        }
        if self.unwritten_jobs + jobs.len() > MAX_UNWRITTEN_JOBS
            || self.unwritten_bytes + bytes_of(jobs) > MAX_UNWRITTEN_BYTES
        {
            return Err(QueueError::Overloaded);
        }
        Ok(())
    }

    pub(super) fn retry(&mut self, request: RequestId, id: JobId, out: &mut Vec<Decision>) {
        // Its earlier work still holds a slot: a second attempt beside it would run the job twice at once.
        if let Some(working) = self.working.get(&id) {
            let error = match working.phase {
                Phase::Running => QueueError::NotRetryable(id, JobState::Processing),
                Phase::Stopping => QueueError::StillStopping(id),
            };
            return out.push(Decision::Answer(request, Err(error)));
        }
        self.request(request, Pending::Retry { request, id }, WriteOp::Retry { id }, out);
    }

    pub(super) fn clear(
        &mut self,
        request: RequestId,
        queue: Option<String>,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        if let Some(name) = &queue
            && !self.queues.contains_key(name.as_str())
        {
            let error = QueueError::NoSuchQueue(name.clone());
            return out.push(Decision::Answer(request, Err(error)));
        }
        let op = WriteOp::Clear {
            queue: queue.clone(),
            state: None,
            finished_by_ms: now_ms,
            limit: CLEAR_STEP_JOBS,
        };
        let pending = Pending::Clear { request, queue, finished_by_ms: now_ms, cleared: 0 };
        self.request(request, pending, op, out);
    }

    pub(super) fn ended(&mut self, ended: EndedAttempt, now_ms: i64, out: &mut Vec<Decision>) {
        let EndedAttempt { attempt, end, artifacts } = ended;
        // An attempt without a slot was reported before, or belongs to a core that was rebuilt since, which
        // has been told of it.
        let Entry::Occupied(entry) = self.working.entry(attempt.job) else { return };
        if entry.get().attempt != attempt.attempt {
            return;
        }
        let working = entry.remove();
        self.unwritten_progress.remove(&attempt.job);
        self.free_slot(&working.queue, working.phase);
        self.touched.insert(working.queue.clone());
        if let Some(queue) = self.queues.get_mut(&working.queue) {
            queue.ran(now_ms - working.since_ms);
        }
        match working.phase {
            // Cancelled, so the store has its end already: a late report changes nothing.
            Phase::Stopping => self.work_ended(attempt, working.is_limited, out),
            Phase::Running => self.decide_end(attempt, end, &working.rerun, artifacts, now_ms, out),
        }
        self.start_held(attempt.job, now_ms, out);
    }

    pub(super) fn progress(&mut self, reports: Vec<(JobId, u32, Progress)>) {
        for (job, attempt, progress) in reports {
            if self.is_running(job, attempt) {
                self.unwritten_progress.insert(job, (attempt, progress));
            }
        }
    }

    /// One report at a time: while the disk is slow, only the newest progress of each attempt is kept for the next.
    pub(super) fn write_progress(&mut self, out: &mut Vec<Decision>) {
        if self.unwritten_progress.is_empty()
            || self.progress_under_way
            || self.times.store_retry_at_ms.is_some()
        {
            return;
        }
        let reports: Vec<_> = std::mem::take(&mut self.unwritten_progress)
            .into_iter()
            .filter(|(job, (attempt, _))| self.is_running(*job, *attempt))
            .map(|(job, (attempt, progress))| (job, attempt, progress))
            .collect();
        if !reports.is_empty() {
            self.progress_under_way = true;
            self.write(Pending::Progress, WriteOp::Progress { reports }, out);
        }
    }

    pub(super) fn is_running(&self, job: JobId, attempt: u32) -> bool {
        let working = self.working.get(&job);
        working.is_some_and(|working| working.attempt == attempt && working.phase == Phase::Running)
    }

    pub(super) fn logged(&mut self, mut lines: Vec<(JobId, LogLine)>, out: &mut Vec<Decision>) {
        let room = MAX_UNWRITTEN_LINES.saturating_sub(self.unwritten_lines);
        if lines.len() > room {
            tracing::warn!(lines = lines.len() - room, "the disk is slow: lines of jobs' logs were let go");
            lines.truncate(room);
        }
        if !lines.is_empty() {
            self.unwritten_lines += lines.len();
            self.write(Pending::Log { lines: lines.len() }, WriteOp::Log { lines }, out);
        }
    }
}

/// What the jobs weigh while they wait for the store.
fn bytes_of(jobs: &[JobInsert]) -> usize {
    jobs.iter().map(|job| job.args.len() + job.name.len() + job.detail.len()).sum()
}
