//! What the store refuses: callers are told, claims pause, and ends of attempts are kept and written again. An end that
//! is refused for what it is, and not because the disk fails, becomes a failure, and nothing else waits for it.

use std::sync::Arc;

use super::decision::{Answer, Decision, RequestId};
use super::pending::Pending;
use super::state::Core;
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{AfterFailure, AttemptEnd, StoreError, WriteOp};

impl Core {
    pub(super) fn write_failed(
        &mut self,
        ops: Vec<(Ticket, WriteOp)>,
        error: &StoreError,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        for (ticket, op) in ops {
            if let Some(pending) = self.pending.remove(&ticket) {
                self.refused(ticket, op, pending, error, now_ms, out);
            }
        }
    }

    fn refused(
        &mut self,
        ticket: Ticket,
        op: WriteOp,
        pending: Pending,
        error: &StoreError,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let refusal = || Err(QueueError::StoreFailed(error.to_string()));
        match pending {
            Pending::Insert { request, jobs, bytes } => {
                self.unwritten_jobs -= jobs;
                self.unwritten_bytes -= bytes;
                out.push(Decision::Answer(request, refusal()));
            }
            Pending::Cancel { request: Some(request), .. }
            | Pending::Retry { request, .. }
            | Pending::Delete { request, .. }
            | Pending::SetPriority { request, .. }
            | Pending::RemoveLimit { request, .. }
            | Pending::UndoOperation { request, .. }
            | Pending::Clear { request, .. } => self.answer(request, refusal(), out),
            Pending::Configure { request, queue, .. } => {
                if let Some(state) = self.queues.get_mut(&queue) {
                    state.change_refused();
                    state.known_to_store &= request.is_some();
                }
                if let Some(request) = request {
                    self.answer(request, refusal(), out);
                }
            }
            Pending::SetSchedule { request, name } => {
                self.schedule_change_refused(&name);
                self.go_on_without(request, refusal(), now_ms, out);
            }
            Pending::RemoveSchedule { request, name } => {
                self.schedule_change_refused(&name);
                self.answer(request, refusal(), out);
            }
            Pending::Fire { request, name } => {
                self.run_refused(&name);
                self.go_on_without(request, refusal(), now_ms, out);
            }
            Pending::SetLimit { request, name } => {
                self.set_limit_answered(&name);
                self.answer(request, refusal(), out);
            }
            Pending::StartOperation { request } => {
                self.operations_starting -= 1;
                self.answer(request, refusal(), out);
            }
            Pending::Finish { .. } | Pending::WorkEnded { .. } => {
                self.end_refused(ticket, op, pending, error, now_ms, out);
            }
            // The run that would have replaced the job is refused as well, or goes on beside it.
            Pending::Cancel { request: None, .. } => {}
            Pending::Progress => self.progress_refused(op, error, now_ms),
            Pending::Log { lines } => self.unwritten_lines -= lines,
            Pending::Claim { .. }
            | Pending::Promote
            | Pending::Resolve
            | Pending::CatchUp
            | Pending::StepOperation { .. }
            | Pending::Prune { .. }
            | Pending::Tidy => self.step_refused(&pending, now_ms),
        }
    }

    fn end_refused(
        &mut self,
        ticket: Ticket,
        op: WriteOp,
        pending: Pending,
        error: &StoreError,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let is_about_it = error.is_about_an_op();
        if let Pending::Finish { attempt, end_was_refused: false } = pending
            && is_about_it
            && !matches!(op, WriteOp::Finish { end: AttemptEnd::Released, .. })
        {
            tracing::error!(job = %attempt.job, attempt = attempt.attempt, %error, "an end is written as a failure");
            let end = AttemptEnd::Failed {
                error: format!("how it ended could not be stored, so it counts as failed: {error}"),
                then: AfterFailure::Final,
            };
            let op =
                WriteOp::Finish { id: attempt.job, attempt: attempt.attempt, end, artifacts: Vec::new() };
            return self.write(Pending::Finish { attempt, end_was_refused: true }, op, out);
        }
        self.pending.insert(ticket, pending);
        self.refused_ends.push((ticket, op));
        if is_about_it {
            self.times.retry_ends(now_ms);
        } else {
            self.times.retry_store(now_ms);
        }
    }

    /// Unless it was refused for what it is, it is written again where nothing newer is known.
    fn progress_refused(&mut self, op: WriteOp, error: &StoreError, now_ms: i64) {
        self.progress_under_way = false;
        if let WriteOp::Progress { reports } = op
            && !error.is_about_an_op()
        {
            for (job, attempt, progress) in reports {
                if self.is_running(job, attempt) {
                    self.unwritten_progress.entry(job).or_insert((attempt, progress));
                }
            }
            self.times.retry_store(now_ms);
        }
    }

    /// Tells whoever asked for it; what nobody asked for is due again when the store is asked again.
    fn go_on_without(
        &mut self,
        request: Option<RequestId>,
        refusal: Result<Answer, QueueError>,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        match request {
            Some(request) => self.answer(request, refusal, out),
            None => self.times.retry_store(now_ms),
        }
    }

    /// A step of something that goes on by itself: it is taken again when the store is asked again.
    fn step_refused(&mut self, pending: &Pending, now_ms: i64) {
        match pending {
            Pending::Claim { queue, limit } => {
                if let Some(state) = self.queues.get_mut(queue) {
                    state.started(0, *limit);
                    state.claim_refused = true;
                }
            }
            Pending::Promote => {
                self.times.promoting = false;
                self.times.promote_by(Some(now_ms));
            }
            Pending::Resolve => {
                self.times.resolving = false;
                self.times.resolve_wanted = true;
            }
            Pending::CatchUp => {
                self.times.catching_up = false;
                self.times.catch_up_wanted = true;
            }
            Pending::StepOperation { .. } => self.stepping = false,
            _ => self.retention.give_up(now_ms),
        }
        self.times.retry_store(now_ms);
    }

    /// Asks the store again for what it refused.
    pub(super) fn ask_store_again(&mut self, out: &mut Vec<Decision>) {
        self.write_refused_ends(out);
        for (name, queue) in &mut self.queues {
            if queue.claim_refused {
                queue.claim_refused = false;
                self.touched.insert(Arc::clone(name));
            }
        }
    }
    pub(super) fn write_refused_ends(&mut self, out: &mut Vec<Decision>) {
        self.times.ends_retry_at_ms = None;
        out.extend(self.refused_ends.drain(..).map(|(ticket, op)| Decision::Write(ticket, op)));
    }
}
