//! What the store refuses: callers are told, claims pause, and ends of attempts are kept and written again.

use std::sync::Arc;

use super::decision::Decision;
use super::pending::Pending;
use super::state::Core;
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{StoreError, WriteOp};

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
            | Pending::SetLimit { request, .. }
            | Pending::RemoveLimit { request, .. }
            | Pending::RemoveSchedule { request, .. }
            | Pending::StartOperation { request }
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
            Pending::SetSchedule { request, schedule } => {
                self.schedule_step_refused(&schedule.status.schedule.name, now_ms);
                if let Some(request) = request {
                    self.answer(request, refusal(), out);
                }
            }
            Pending::Fire { request, name } => {
                self.schedule_step_refused(&name, now_ms);
                if let Some(request) = request {
                    self.answer(request, refusal(), out);
                }
            }
            Pending::Finish { .. } | Pending::WorkEnded { .. } => {
                self.pending.insert(ticket, pending);
                self.refused_ends.push((ticket, op));
                self.times.retry_store(now_ms);
            }
            // The run that would have replaced the job is refused as well, or goes on beside it.
            Pending::Cancel { request: None, .. } => {}
            // The next report is as good.
            Pending::Progress => self.progress_under_way = false,
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

    fn schedule_step_refused(&mut self, name: &str, now_ms: i64) {
        self.schedule_refused(name);
        self.times.retry_store(now_ms);
    }

    /// A step of something that goes on by itself: it is taken again when the store is asked again.
    fn step_refused(&mut self, pending: &Pending, now_ms: i64) {
        match pending {
            Pending::Claim { queue } => {
                if let Some(state) = self.queues.get_mut(queue) {
                    state.claiming = 0;
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
        out.extend(self.refused_ends.drain(..).map(|(ticket, op)| Decision::Write(ticket, op)));
        for (name, queue) in &mut self.queues {
            if queue.claim_refused {
                queue.claim_refused = false;
                self.touched.insert(Arc::clone(name));
            }
        }
    }
}
