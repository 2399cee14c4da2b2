//! Ends of attempts on their way to the queue.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::Recipient;

use crate::queue::core::EndedAttempt;
use crate::queue::messages::AttemptsEnded;

/// Ends that the queue has not taken yet: bounded by the slots of all queues. The queue is told when there is a first
/// one, and takes all that have come until it gets to it: while it has much to do, a hundred ends cost it one message.
#[derive(Default)]
pub struct EndBuffer(Mutex<Vec<EndedAttempt>>);

impl EndBuffer {
    pub(super) fn put(self: &Arc<Self>, ended: EndedAttempt, queue: &Recipient<AttemptsEnded>) {
        let is_first = {
            let mut waiting = self.waiting();
            waiting.push(ended);
            waiting.len() == 1
        };
        if is_first {
            queue.do_send(AttemptsEnded(Arc::clone(self)));
        }
    }

    /// All that wait, in the order in which they ended.
    pub fn take(&self) -> Vec<EndedAttempt> {
        std::mem::take(&mut self.waiting())
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<EndedAttempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
