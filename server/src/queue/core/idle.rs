//! When nothing can go on before time passes: what tests wait for.

use super::decision::{Answer, Decision, RequestId};
use super::state::{Core, MAX_REQUESTS};
use crate::queue::messages::QueueError;

impl Core {
    pub(super) fn await_idle(&mut self, request: RequestId, out: &mut Vec<Decision>) {
        if self.requests < MAX_REQUESTS {
            self.requests += 1;
            self.idle_requests.push(request);
        } else {
            out.push(Decision::Answer(request, Err(QueueError::Overloaded)));
        }
    }

    /// Called when everything that can be done now has been begun: what was begun is at work or on its way to the disk.
    pub(super) fn answer_idle(&mut self, out: &mut Vec<Decision>) {
        if !self.idle_requests.is_empty() && self.is_at_rest() {
            let next_at_ms = self.next_due_at_ms();
            for request in std::mem::take(&mut self.idle_requests) {
                self.answer(request, Ok(Answer::Idle { next_at_ms }), out);
            }
        }
    }
}
