//! The view of all queues: what its watchers have, and what must be said to bring them up to date.

use taskyard_shared::queue::QueueStatus;

use super::queue_book::QueueBook;

/// What the watchers have after the latest frame, sorted by name. As many as there are queues.
#[derive(Default)]
pub struct QueuesView {
    sent: Vec<QueueStatus>,
}

impl QueuesView {
    /// The queues that differ from what the watchers have; from then on they have them.
    pub fn take_delta(&mut self, book: &QueueBook) -> Option<Vec<QueueStatus>> {
        let changed: Vec<QueueStatus> = book.queues().filter(|queue| !self.has(queue)).cloned().collect();
        if changed.is_empty() {
            return None;
        }
        taskyard_shared::queue::apply_queues(&mut self.sent, &changed);
        Some(changed)
    }

    pub fn snapshot(&self) -> Vec<QueueStatus> {
        self.sent.clone()
    }

    fn has(&self, queue: &QueueStatus) -> bool {
        let at = self.sent.binary_search_by(|sent| sent.name.cmp(&queue.name));
        at.is_ok_and(|at| self.sent[at] == *queue)
    }
}
