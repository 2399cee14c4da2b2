//! What the store has on the disk: counts follow, callers are answered, claimed jobs start, and what changed is
//! published.

use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState, JobSummary};

use super::{Answer, AttemptId, CLEAR_STEP_JOBS, Core, Decision, Pending, RequestId};
use crate::pubsub::{CommitEvents, JobChange};
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{
    CancelResult, ClaimedJob, ClearedGroup, CommitSeq, OpResult, QueueSettings, RetryResult, WriteOp,
};

impl Core {
    pub(super) fn committed(
        &mut self,
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
        out: &mut Vec<Decision>,
    ) {
        // The answers to an earlier core's operations come after the load that showed them.
        self.commit = self.commit.max(commit);
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
                let ids = self.inserted(stored, changes);
                out.push(Decision::Answer(request, Ok(Answer::Added(ids))));
            }
            (Pending::Claim { queue }, OpResult::Claimed(jobs)) => self.claimed(&queue, jobs, changes, out),
            (Pending::Finish { attempt, queue }, OpResult::Finished(job)) => {
                self.finished(attempt, &queue, job, changes, out);
            }
            (Pending::Progress, OpResult::Progressed(reports)) => {
                self.progress_under_way = false;
                changes.extend(reports.into_iter().map(|(id, progress)| JobChange::Progressed(id, progress)));
            }
            (Pending::Cancel { request, id }, OpResult::Cancelled(result)) => {
                let answer = self.cancelled(id, result, changes, out);
                self.answer(request, answer, out);
            }
            (Pending::Retry { request, id }, OpResult::Retried(result)) => {
                let answer = self.retried(id, result, changes);
                self.answer(request, answer, out);
            }
            (
                Pending::Clear { request, queue, finished_by_ms, cleared },
                OpResult::Cleared { groups, more },
            ) => {
                let cleared = cleared + self.cleared(groups, changes);
                self.clear_next(request, queue, finished_by_ms, cleared, more, out);
            }
            (Pending::Configure { request, queue, settings }, OpResult::QueueConfigured) => {
                self.configured(request, queue, settings, out);
            }
            (pending, result) => {
                unreachable!("a store answers an operation with its own result: {pending:?}, {result:?}")
            }
        }
    }

    /// Answers a caller whose request was under way, adds excepted: those are counted by their jobs.
    pub(super) fn answer(
        &mut self,
        request: RequestId,
        answer: Result<Answer, QueueError>,
        out: &mut Vec<Decision>,
    ) {
        self.requests -= 1;
        out.push(Decision::Answer(request, answer));
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

    fn inserted(&mut self, stored: Vec<Arc<JobSummary>>, changes: &mut Vec<JobChange>) -> Vec<JobId> {
        for job in &stored {
            self.count(&job.queue, None, Some(JobState::Pending));
        }
        let ids = stored.iter().map(|job| job.id).collect();
        changes.extend(stored.into_iter().map(JobChange::Changed));
        ids
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
            if jobs.is_empty() && state.counts.pending > 0 {
                // The counts promise what the store does not give: only a data file that somebody edited is
                // like that. Asking again at once would go on for ever.
                state.claim_refused = true;
                self.wake_wanted = true;
            }
        }
        self.touched.insert(Arc::clone(queue));
        for claimed in jobs {
            self.count(queue, Some(JobState::Pending), Some(JobState::Processing));
            changes.push(JobChange::Changed(Arc::clone(&claimed.job)));
            self.start(queue, claimed, out);
        }
    }

    /// `job` is None when the attempt was over already, by a cancel that came first.
    fn finished(
        &mut self,
        attempt: AttemptId,
        queue: &str,
        job: Option<Arc<JobSummary>>,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        if let Some(job) = job {
            self.count(queue, Some(JobState::Processing), Some(job.state));
            changes.push(JobChange::Changed(job));
        }
        out.push(Decision::Settle(attempt));
    }

    fn cancelled(
        &mut self,
        id: JobId,
        result: CancelResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) -> Result<Answer, QueueError> {
        match result {
            CancelResult::Cancelled { job, was_running } => {
                let from = if was_running { JobState::Processing } else { JobState::Pending };
                self.count(&job.queue, Some(from), Some(JobState::Cancelled));
                self.stop(&job.queue, AttemptId { job: id, attempt: job.attempt }, out);
                changes.push(JobChange::Changed(job));
                Ok(Answer::Cancelled { was_running })
            }
            CancelResult::AlreadyFinished(state) => Err(QueueError::AlreadyFinished(id, state)),
            CancelResult::NotFound => Err(QueueError::NoSuchJob(id)),
        }
    }

    fn retried(
        &mut self,
        id: JobId,
        result: RetryResult,
        changes: &mut Vec<JobChange>,
    ) -> Result<Answer, QueueError> {
        match result {
            RetryResult::Retried { job, from } => {
                self.count(&job.queue, Some(from), Some(JobState::Pending));
                changes.push(JobChange::Changed(job));
                Ok(Answer::Retried)
            }
            RetryResult::WrongState(state) => Err(QueueError::NotRetryable(id, state)),
            RetryResult::NotFound => Err(QueueError::NoSuchJob(id)),
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
            return self.answer(request, Ok(Answer::Cleared { count: cleared }), out);
        }
        let op = WriteOp::Clear { queue: queue.clone(), finished_by_ms, limit: CLEAR_STEP_JOBS };
        self.write(Pending::Clear { request, queue, finished_by_ms, cleared }, op, out);
    }

    /// `request` is None for a queue that made itself, with its defaults.
    fn configured(
        &mut self,
        request: Option<RequestId>,
        queue: Arc<str>,
        settings: QueueSettings,
        out: &mut Vec<Decision>,
    ) {
        if let Some(state) = self.queues.get_mut(&queue) {
            state.changed(settings);
            let status = state.status(&queue);
            if let Some(request) = request {
                self.answer(request, Ok(Answer::Configured(status)), out);
            }
        }
        self.touched.insert(queue);
    }
}
