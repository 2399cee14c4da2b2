//! What the store answers: counts follow, callers are answered, claimed jobs start, and what changed is
//! published.

use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState};

use super::{
    Answer, AttemptId, CLEAR_STEP_JOBS, Core, Decision, Held, Pending, Phase, RequestId, STORE_RETRY_MS,
    Working,
};
use crate::pubsub::{CommitEvents, JobChange};
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{
    AttemptEnd, CancelResult, ClaimedJob, ClearedGroup, CommitSeq, OpResult, RetryResult, StoreError, WriteOp,
};

impl Core {
    pub(super) fn committed(
        &mut self,
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
        out: &mut Vec<Decision>,
    ) {
        self.commit = commit;
        let mut changes = Vec::new();
        for (ticket, result) in results {
            // Tickets of before a rebuild are unknown here; what they did has been loaded.
            if let Some(pending) = self.pending.remove(&ticket) {
                self.settle(pending, result, &mut changes, out);
            }
        }
        if !changes.is_empty() {
            out.push(Decision::Publish(CommitEvents { commit, changes, ..Default::default() }));
        }
    }

    fn settle(
        &mut self,
        pending: Pending,
        result: OpResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        match (pending, result) {
            (Pending::Insert { request, jobs, bytes }, OpResult::Inserted(stored)) => {
                self.unwritten_jobs -= jobs;
                self.unwritten_bytes -= bytes;
                for job in &stored {
                    self.count(&job.queue, None, Some(JobState::Pending));
                }
                let ids = stored.iter().map(|job| job.id).collect();
                changes.extend(stored.into_iter().map(JobChange::Changed));
                out.push(Decision::Answer(request, Ok(Answer::Added(ids))));
            }
            (Pending::Claim { queue }, OpResult::Claimed(jobs)) => {
                self.claimed(&queue, jobs, changes, out);
            }
            (Pending::Finish { attempt, queue }, OpResult::Finished(job)) => {
                if let Some(job) = job {
                    self.count(&queue, Some(JobState::Processing), Some(job.state));
                    changes.push(JobChange::Changed(job));
                }
                out.push(Decision::Settle(attempt));
            }
            (Pending::Progress, OpResult::Progressed(reports)) => {
                changes.extend(reports.into_iter().map(|(id, progress)| JobChange::Progressed(id, progress)));
            }
            (Pending::Cancel { request, id }, OpResult::Cancelled(result)) => {
                self.requests -= 1;
                let answer = match result {
                    CancelResult::Cancelled { job, was_running } => {
                        self.cancelled(&job.queue, id, job.attempt, was_running, out);
                        changes.push(JobChange::Changed(job));
                        Ok(Answer::Cancelled { was_running })
                    }
                    CancelResult::AlreadyFinished(state) => Err(QueueError::AlreadyFinished(id, state)),
                    CancelResult::NotFound => Err(QueueError::NoSuchJob(id)),
                };
                out.push(Decision::Answer(request, answer));
            }
            (Pending::Retry { request, id }, OpResult::Retried(result)) => {
                self.requests -= 1;
                let answer = match result {
                    RetryResult::Retried { job, from } => {
                        self.count(&job.queue, Some(from), Some(JobState::Pending));
                        changes.push(JobChange::Changed(job));
                        Ok(Answer::Retried)
                    }
                    RetryResult::WrongState(state) => Err(QueueError::NotRetryable(id, state)),
                    RetryResult::NotFound => Err(QueueError::NoSuchJob(id)),
                };
                out.push(Decision::Answer(request, answer));
            }
            (
                Pending::Clear { request, queue, finished_by_ms, cleared },
                OpResult::Cleared { groups, more },
            ) => {
                let cleared = cleared + self.cleared(groups, changes);
                self.clear_next(request, queue, finished_by_ms, cleared, more, out);
            }
            (Pending::Configure { request, queue, settings }, OpResult::QueueConfigured) => {
                self.touched.insert(Arc::clone(&queue));
                let Some(state) = self.queues.get_mut(&queue) else { return };
                state.changed(settings);
                let status = state.status(&queue);
                if let Some(request) = request {
                    self.requests -= 1;
                    out.push(Decision::Answer(request, Ok(Answer::Configured(status))));
                }
            }
            (pending, result) => {
                unreachable!("a store answers an operation with its own result: {pending:?}, {result:?}")
            }
        }
    }

    /// Moves one job from one count to another.
    pub(super) fn count(&mut self, queue: &str, from: Option<JobState>, to: Option<JobState>) {
        let Some((name, _)) = self.queues.get_key_value(queue) else { return };
        let name = Arc::clone(name);
        if let Some(state) = self.queues.get_mut(queue) {
            if let Some(from) = from {
                state.counts[from] -= 1;
            }
            if let Some(to) = to {
                state.counts[to] += 1;
            }
        }
        self.touched.insert(name);
    }

    fn claimed(
        &mut self,
        queue: &Arc<str>,
        jobs: Vec<ClaimedJob>,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        if let Some(state) = self.queues.get_mut(queue) {
            state.claiming = 0;
        }
        self.touched.insert(Arc::clone(queue));
        for claimed in jobs {
            self.count(queue, Some(JobState::Pending), Some(JobState::Processing));
            changes.push(JobChange::Changed(Arc::clone(&claimed.job)));
            self.start(queue, claimed, out);
        }
    }

    /// Gives the job a slot, and has its work begun unless an earlier attempt of it is still at work.
    pub(super) fn start(&mut self, queue: &Arc<str>, claimed: ClaimedJob, out: &mut Vec<Decision>) {
        let attempt = AttemptId { job: claimed.job.id, attempt: claimed.job.attempt };
        if self.working.contains_key(&attempt.job) {
            self.held.insert(attempt.job, Held { queue: Arc::clone(queue), claimed });
            if let Some(state) = self.queues.get_mut(queue) {
                state.slots_used += 1;
            }
        } else {
            self.take_slot(queue, attempt, Phase::Running);
            out.push(Decision::Start(claimed));
        }
    }

    pub(super) fn take_slot(&mut self, queue: &Arc<str>, attempt: AttemptId, phase: Phase) {
        let working = Working { attempt: attempt.attempt, queue: Arc::clone(queue), phase };
        self.working.insert(attempt.job, working);
        if let Some(state) = self.queues.get_mut(queue) {
            state.slots_used += 1;
            state.stopping += u32::from(phase == Phase::Stopping);
        }
    }

    /// The earlier work of a held job has ended: its turn.
    pub(super) fn start_held(&mut self, id: JobId, out: &mut Vec<Decision>) {
        let Some(Held { queue, claimed }) = self.held.remove(&id) else { return };
        if let Some(state) = self.queues.get_mut(&queue) {
            state.slots_used -= 1;
        }
        if self.draining {
            let attempt = AttemptId { job: id, attempt: claimed.job.attempt };
            self.write_end(attempt, queue, AttemptEnd::Released, Vec::new(), out);
        } else {
            self.start(&queue, claimed, out);
        }
    }

    fn cancelled(
        &mut self,
        queue: &str,
        id: JobId,
        attempt: u32,
        was_running: bool,
        out: &mut Vec<Decision>,
    ) {
        let from = if was_running { JobState::Processing } else { JobState::Pending };
        self.count(queue, Some(from), Some(JobState::Cancelled));
        if self.held.get(&id).is_some_and(|held| held.claimed.job.attempt == attempt) {
            self.held.remove(&id);
            if let Some(state) = self.queues.get_mut(queue) {
                state.slots_used -= 1;
            }
        }
        // Its work may have ended while the cancel was on its way to the disk.
        if let Some(working) = self.working.get_mut(&id)
            && working.attempt == attempt
            && working.phase == Phase::Running
        {
            working.phase = Phase::Stopping;
            if let Some(state) = self.queues.get_mut(queue) {
                state.stopping += 1;
            }
            out.push(Decision::Stop(AttemptId { job: id, attempt }));
        }
    }

    fn cleared(&mut self, groups: Vec<ClearedGroup>, changes: &mut Vec<JobChange>) -> u64 {
        let mut cleared = 0;
        for group in groups {
            cleared += group.ids.len() as u64;
            if let Some(state) = self.queues.get_mut(&group.queue) {
                state.counts[group.state] -= group.ids.len() as u64;
            }
            self.touched.insert(group.queue);
            changes.push(JobChange::Removed(group.ids));
        }
        cleared
    }

    fn clear_next(
        &mut self,
        request: RequestId,
        queue: Option<String>,
        finished_by_ms: i64,
        cleared: u64,
        more: bool,
        out: &mut Vec<Decision>,
    ) {
        if !more {
            self.requests -= 1;
            return out.push(Decision::Answer(request, Ok(Answer::Cleared { count: cleared })));
        }
        let op = WriteOp::Clear { queue: queue.clone(), finished_by_ms, limit: CLEAR_STEP_JOBS };
        self.write(Pending::Clear { request, queue, finished_by_ms, cleared }, op, out);
    }

    pub(super) fn write_failed(
        &mut self,
        ops: Vec<(Ticket, WriteOp)>,
        error: &StoreError,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        for (ticket, op) in ops {
            let Some(pending) = self.pending.remove(&ticket) else { continue };
            let refused = || Err(QueueError::StoreFailed(error.to_string()));
            match pending {
                Pending::Insert { request, jobs, bytes } => {
                    self.unwritten_jobs -= jobs;
                    self.unwritten_bytes -= bytes;
                    out.push(Decision::Answer(request, refused()));
                }
                Pending::Cancel { request, .. }
                | Pending::Retry { request, .. }
                | Pending::Clear { request, .. } => {
                    self.requests -= 1;
                    out.push(Decision::Answer(request, refused()));
                }
                Pending::Configure { request, queue, .. } => {
                    if let Some(state) = self.queues.get_mut(&queue) {
                        state.change_refused();
                        state.known_to_store &= request.is_some();
                    }
                    if let Some(request) = request {
                        self.requests -= 1;
                        out.push(Decision::Answer(request, refused()));
                    }
                }
                Pending::Claim { queue } => {
                    if let Some(state) = self.queues.get_mut(&queue) {
                        state.claiming = 0;
                        state.claim_refused = true;
                    }
                    self.wake_later(now_ms, out);
                }
                Pending::Finish { .. } => {
                    self.pending.insert(ticket, pending);
                    self.refused_finishes.push((ticket, op));
                    self.wake_later(now_ms, out);
                }
                // The next report is as good.
                Pending::Progress => {}
            }
        }
    }

    fn wake_later(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if self.wake_at_ms.is_none() {
            let at_ms = now_ms + STORE_RETRY_MS;
            self.wake_at_ms = Some(at_ms);
            out.push(Decision::WakeAt { at_ms });
        }
    }

    /// Asks the store again for what it refused.
    pub(super) fn wake(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        match self.wake_at_ms {
            Some(at_ms) if now_ms < at_ms => return out.push(Decision::WakeAt { at_ms }),
            _ => self.wake_at_ms = None,
        }
        out.extend(self.refused_finishes.drain(..).map(|(ticket, op)| Decision::Write(ticket, op)));
        for (name, queue) in &mut self.queues {
            if queue.claim_refused {
                queue.claim_refused = false;
                self.touched.insert(Arc::clone(name));
            }
        }
    }
}
