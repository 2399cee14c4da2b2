//! What the store refuses: callers are told, claims pause, and ends of attempts are kept and written again.

use std::sync::Arc;

use super::{Core, Decision, Pending, STORE_RETRY_MS};
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{StoreError, WriteOp};

impl Core {
    pub(super) fn write_failed(
        &mut self,
        ops: Vec<(Ticket, WriteOp)>,
        error: &StoreError,
        out: &mut Vec<Decision>,
    ) {
        for (ticket, op) in ops {
            if let Some(pending) = self.pending.remove(&ticket) {
                self.refused(ticket, op, pending, error, out);
            }
        }
    }

    fn refused(
        &mut self,
        ticket: Ticket,
        op: WriteOp,
        pending: Pending,
        error: &StoreError,
        out: &mut Vec<Decision>,
    ) {
        let refusal = || Err(QueueError::StoreFailed(error.to_string()));
        match pending {
            Pending::Insert { request, jobs, bytes } => {
                self.unwritten_jobs -= jobs;
                self.unwritten_bytes -= bytes;
                out.push(Decision::Answer(request, refusal()));
            }
            Pending::Cancel { request, .. }
            | Pending::Retry { request, .. }
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
            Pending::Claim { queue } => {
                if let Some(state) = self.queues.get_mut(&queue) {
                    state.claiming = 0;
                    state.claim_refused = true;
                }
                self.wake_wanted = true;
            }
            Pending::Finish { .. } => {
                self.pending.insert(ticket, pending);
                self.refused_finishes.push((ticket, op));
                self.wake_wanted = true;
            }
            // The next report is as good.
            Pending::Progress => self.progress_under_way = false,
        }
    }

    /// Has the core woken a little later, if anything wants that.
    pub(super) fn plan_wake(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if std::mem::take(&mut self.wake_wanted) && self.wake_at_ms.is_none() {
            let at_ms = now_ms + STORE_RETRY_MS;
            self.wake_at_ms = Some(at_ms);
            out.push(Decision::WakeAt { at_ms });
        }
    }

    /// Asks the store again for what it refused.
    pub(super) fn wake(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        match self.wake_at_ms {
            // A clock that was set back must not put this off by as much.
            Some(at_ms) if now_ms < at_ms && at_ms <= now_ms + STORE_RETRY_MS => {
                return out.push(Decision::WakeAt { at_ms });
            }
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
