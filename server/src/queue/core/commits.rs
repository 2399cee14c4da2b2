//! What the store has on the disk: counts follow, callers are answered, claimed jobs start, and what changed is
//! published.

use std::sync::Arc;

use taskyard_shared::command::AddOutcome;
use taskyard_shared::error::WireError;
use taskyard_shared::job::{JobId, JobState, JobSummary};
use taskyard_shared::limit::LimitStatus;

use super::decision::{AddAnswer, Answer, AttemptId, Decision, RequestId};
use super::inputs::CLEAR_STEP_JOBS;
use super::pending::Pending;
use super::state::Core;
use crate::pubsub::{CommitEvents, JobChange};
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{
    CancelResult, ClaimResult, ClearedGroup, CommitSeq, DeleteResult, FinishResult, InsertOutcome,
    InsertResult, OpResult, PriorityResult, QueueSettings, RetryResult, WriteOp,
};

/// What one commit has changed, as it is gathered.
#[derive(Default)]
struct Gathered {
    changes: Vec<JobChange>,
    lines: Vec<(JobId, taskyard_shared::log::LogLine)>,
}

impl Core {
    pub(super) fn committed(
        &mut self,
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
        limits: Option<Vec<LimitStatus>>,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        // The answers to an earlier core's operations come after the load that showed them.
        self.commit = self.commit.max(commit);
        self.limits_changed(limits);
        let mut gathered = Gathered::default();
        for (ticket, result) in results {
            // Tickets of before a rebuild are unknown here; what they did has been loaded.
            if let Some(pending) = self.pending.remove(&ticket) {
                self.settle(pending, result, now_ms, &mut gathered, out);
            }
        }
        let Gathered { changes, lines } = gathered;
        if !changes.is_empty() || !lines.is_empty() {
            out.push(Decision::Publish(CommitEvents { commit, changes, lines, ..Default::default() }));
        }
    }

    /// What concerns the life of jobs; the rest is [`Core::settle_settings`]'s and of those that it names.
    fn settle(
        &mut self,
        pending: Pending,
        result: OpResult,
        now_ms: i64,
        gathered: &mut Gathered,
        out: &mut Vec<Decision>,
    ) {
        let changes = &mut gathered.changes;
        match (pending, result) {
            (Pending::Insert { request, jobs, bytes }, OpResult::Inserted(result)) => {
                self.unwritten_jobs -= jobs;
                self.unwritten_bytes -= bytes;
                let answer = self.inserted(result, changes);
                out.push(Decision::Answer(request, answer));
            }
            (Pending::Claim { queue, limit }, OpResult::Claimed(result)) => {
                self.claimed(&queue, limit, result, now_ms, changes, out);
            }
            (Pending::Finish { attempt, .. }, OpResult::Finished(result)) => {
                self.finished(attempt, result, now_ms, changes, out);
            }
            (Pending::WorkEnded { attempt }, OpResult::WorkEnded { released }) => {
                self.released(released, now_ms);
                out.push(Decision::Settle(attempt));
            }
            (Pending::Progress, OpResult::Progressed(reports)) => {
                self.progress_under_way = false;
                changes.extend(reports.into_iter().map(|(id, progress)| JobChange::Progressed(id, progress)));
            }
            (Pending::Log { lines }, OpResult::Logged(kept)) => {
                self.unwritten_lines -= lines;
                gathered.lines.extend(kept);
            }
            (Pending::Cancel { request, id }, OpResult::Cancelled(result)) => {
                let answer = self.cancelled(id, result, changes, out);
                if let Some(request) = request {
                    self.answer(request, answer, out);
                }
            }
            (Pending::Retry { request, id }, OpResult::Retried(result)) => {
                let answer = self.retried(id, result, changes);
                self.answer(request, answer, out);
            }
            (Pending::Delete { request, id }, OpResult::Deleted(result)) => {
                let answer = self.deleted(id, result, changes);
                self.answer(request, answer, out);
            }
            (Pending::SetPriority { request, id }, OpResult::PrioritySet(result)) => {
                let answer = priority_set(id, result, changes);
                self.answer(request, answer, out);
            }
            (Pending::CatchUp, OpResult::CaughtUp) => self.times.catching_up = false,
            (Pending::Promote, OpResult::Promoted(result)) => self.promoted(result, now_ms, changes),
            (Pending::Resolve, OpResult::Resolved { moved, more }) => self.resolved(moved, more, changes),
            (pending, result) => self.settle_settings(pending, result, now_ms, changes, out),
        }
    }

    /// What concerns queues and limits.
    fn settle_settings(
        &mut self,
        pending: Pending,
        result: OpResult,
        now_ms: i64,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        match (pending, result) {
            (
                Pending::Clear { request, queue, finished_by_ms, cleared },
                OpResult::Cleared { groups, more, resolves },
            ) => {
                self.times.resolve_wanted |= resolves;
                let cleared = cleared + self.cleared(groups, changes);
                self.clear_next(request, queue, finished_by_ms, cleared, more, out);
            }
            (Pending::Prune { queue, state }, OpResult::Cleared { groups, resolves, .. }) => {
                self.times.resolve_wanted |= resolves;
                self.pruned(queue, state, groups, changes);
            }
            (Pending::Tidy, OpResult::Tidied { more }) => self.tidied(more, now_ms),
            (Pending::Configure { request, queue, settings }, OpResult::QueueConfigured) => {
                self.configured(request, queue, settings, out);
            }
            (Pending::SetLimit { request, name }, OpResult::LimitSet) => {
                self.look_at_limits_anew(now_ms);
                let answer = self.limit_set(&name);
                self.answer(request, answer, out);
            }
            (Pending::RemoveLimit { request, name }, OpResult::LimitRemoved { existed }) => {
                self.look_at_limits_anew(now_ms);
                let answer = if existed { Ok(Answer::Removed) } else { Err(QueueError::NoSuchLimit(name)) };
                self.answer(request, answer, out);
            }
            (
                pending @ (Pending::SetSchedule { .. }
                | Pending::RemoveSchedule { .. }
                | Pending::Fire { .. }),
                result,
            ) => {
                self.settle_schedule(pending, result, changes, out);
            }
            (pending, result) => self.settle_operation(pending, result, changes, out),
        }
    }

    fn settle_schedule(
        &mut self,
        pending: Pending,
        result: OpResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        match (pending, result) {
            (Pending::SetSchedule { request, name }, OpResult::ScheduleSet) => {
                let answer = self.schedule_set(&name);
                if let Some(request) = request {
                    self.answer(request, answer, out);
                }
            }
            (Pending::RemoveSchedule { request, name }, OpResult::ScheduleRemoved { existed }) => {
                let answer = self.schedule_removed(name, existed);
                self.answer(request, answer, out);
            }
            (Pending::Fire { request, name }, OpResult::Fired(result)) => {
                let answer = self.fired(&name, result, changes);
                match (request, answer) {
                    (Some(request), answer) => self.answer(request, answer, out),
                    (None, Ok(_)) => {}
                    (None, Err(error)) => {
                        tracing::warn!(schedule = name, %error, "a run of a schedule added no job");
                    }
                }
            }
            (pending, result) => mismatch(&pending, &result),
        }
    }

    fn settle_operation(
        &mut self,
        pending: Pending,
        result: OpResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        match (pending, result) {
            (Pending::StartOperation { request }, OpResult::OperationStarted(operation)) => {
                self.operations_starting -= 1;
                self.keep_operation((*operation).clone());
                self.answer(request, Ok(Answer::Operation(operation)), out);
            }
            (Pending::StepOperation { id }, OpResult::OperationStepped(result)) => {
                self.operation_stepped(id, *result, changes, out);
            }
            (Pending::UndoOperation { request, id }, OpResult::OperationUndone(operation)) => {
                let answer = self.operation_undone(id, operation.map(|operation| *operation));
                self.answer(request, answer, out);
            }
            (pending, result) => mismatch(&pending, &result),
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

    /// Moves one job from one count to another. A queue in which a job became pending may claim again.
    pub(super) fn count(&mut self, queue: &str, from: Option<JobState>, to: Option<JobState>) {
        let Some((name, _)) = self.queues.get_key_value(queue) else { return };
        let name = Arc::clone(name);
        if let Some(state) = self.queues.get_mut(queue) {
            if let Some(from) = from {
                state.counts[from] -= 1;
            }
            if let Some(to) = to {
                state.counts[to] += 1;
                state.exhausted &= to != JobState::Pending;
            }
        }
        self.touched.insert(name);
    }

    /// A job was stored.
    pub(super) fn stored(&mut self, job: Arc<JobSummary>, changes: &mut Vec<JobChange>) {
        self.count(&job.queue, None, Some(job.state));
        if job.state == JobState::Scheduled {
            self.times.promote_by(job.run_at_ms);
        }
        changes.push(JobChange::Changed(job));
    }

    fn inserted(&mut self, result: InsertResult, changes: &mut Vec<JobChange>) -> Result<Answer, QueueError> {
        match result {
            InsertResult::Done { batch, outcomes, resolves } => {
                self.times.resolve_wanted |= resolves;
                let outcomes = outcomes.into_iter().map(|outcome| self.outcome(outcome, changes)).collect();
                Ok(Answer::Added(AddAnswer { batch, outcomes, is_repeated: false }))
            }
            InsertResult::Replayed { batch, outcomes } => {
                Ok(Answer::Added(AddAnswer { batch, outcomes, is_repeated: true }))
            }
            InsertResult::KeyReused => Err(QueueError::KeyReused),
        }
    }

    fn outcome(&mut self, outcome: InsertOutcome, changes: &mut Vec<JobChange>) -> AddOutcome {
        match outcome {
            InsertOutcome::Added(job) => {
                let id = job.id;
                self.stored(job, changes);
                AddOutcome::Added { id }
            }
            InsertOutcome::Existing(id) => AddOutcome::Existing { id },
            InsertOutcome::Replaced(moved) => {
                let id = moved.job.id;
                self.moved(moved, changes);
                AddOutcome::Replaced { id }
            }
            InsertOutcome::Refused(error) => AddOutcome::Refused { error: WireError::from(&error) },
            InsertOutcome::NotAdded => AddOutcome::NotAdded {},
        }
    }

    fn claimed(
        &mut self,
        queue: &Arc<str>,
        limit: u32,
        result: ClaimResult,
        now_ms: i64,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        if let Some(state) = self.queues.get_mut(queue) {
            let starts = u32::try_from(result.jobs.len()).unwrap_or(u32::MAX);
            state.exhausted = starts < limit && !result.more && result.blocked.is_none();
            state.started(starts, limit);
            state.blocked(result.blocked, now_ms);
        }
        self.touched.insert(Arc::clone(queue));
        self.times.promote_by(result.due_at_ms);
        self.times.resolve_wanted |= result.resolves;
        for moved in result.expired {
            self.moved(moved, changes);
        }
        for claimed in result.jobs {
            self.count(queue, Some(JobState::Pending), Some(JobState::Processing));
            changes.push(JobChange::Changed(Arc::clone(&claimed.job)));
            self.start(queue, claimed, now_ms, out);
        }
    }

    /// `result` is None when the attempt was over already, by a cancel that came first.
    fn finished(
        &mut self,
        attempt: AttemptId,
        result: Option<FinishResult>,
        now_ms: i64,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        match result {
            Some(FinishResult { job, released, resolves }) => {
                if let Some(queue) = self.queues.get_mut(job.queue.as_str()) {
                    queue.ended();
                }
                self.moved(crate::store::Moved { job, from: JobState::Processing }, changes);
                self.released(released, now_ms);
                self.times.resolve_wanted |= resolves;
                out.push(Decision::Settle(attempt));
            }
            // Cancelled meanwhile: what it took of limits is still to be given back.
            None => self.work_ended(attempt, true, out),
        }
    }

    fn cancelled(
        &mut self,
        id: JobId,
        result: CancelResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) -> Result<Answer, QueueError> {
        match result {
            CancelResult::Cancelled { moved, resolves } => {
                let was_running = moved.from == JobState::Processing;
                self.times.resolve_wanted |= resolves;
                self.stop(&moved.job.queue, AttemptId { job: id, attempt: moved.job.attempt }, out);
                self.moved(moved, changes);
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
            RetryResult::Retried(moved) => {
                self.moved(moved, changes);
                Ok(Answer::Retried)
            }
            RetryResult::WrongState(state) => Err(QueueError::NotRetryable(id, state)),
            RetryResult::NotFound => Err(QueueError::NoSuchJob(id)),
        }
    }

    fn deleted(
        &mut self,
        id: JobId,
        result: DeleteResult,
        changes: &mut Vec<JobChange>,
    ) -> Result<Answer, QueueError> {
        match result {
            DeleteResult::Deleted { group, resolves } => {
                self.times.resolve_wanted |= resolves;
                self.cleared(vec![group], changes);
                Ok(Answer::Deleted)
            }
            DeleteResult::WrongState(state) => Err(QueueError::NotDeletable(id, state)),
            DeleteResult::NotFound => Err(QueueError::NoSuchJob(id)),
        }
    }

    /// Takes deleted jobs off the counts, and says how many there were.
    pub(super) fn cleared(&mut self, groups: Vec<ClearedGroup>, changes: &mut Vec<JobChange>) -> u64 {
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
        let op = WriteOp::Clear { queue: queue.clone(), state: None, finished_by_ms, limit: CLEAR_STEP_JOBS };
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
                self.answer(request, Ok(Answer::Configured(Box::new(status))), out);
            }
        }
        self.touched.insert(queue);
    }
}

fn mismatch(pending: &Pending, result: &OpResult) -> ! {
    unreachable!("a store answers an operation with its own result: {pending:?}, {result:?}")
}

fn priority_set(
    id: JobId,
    result: PriorityResult,
    changes: &mut Vec<JobChange>,
) -> Result<Answer, QueueError> {
    match result {
        PriorityResult::Set(job) => {
            changes.push(JobChange::Changed(job));
            Ok(Answer::PrioritySet)
        }
        PriorityResult::WrongState(state) => Err(QueueError::AlreadyBegun(id, state)),
        PriorityResult::NotFound => Err(QueueError::NoSuchJob(id)),
    }
}
