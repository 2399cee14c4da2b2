//! What the hub knows without reading the store, from the latest commits.

use super::queue_book::QueueBook;
use super::services_book::ServicesBook;
use super::yard_book::YardBook;
use crate::pubsub::CommitEvents;

/// See the module.
#[derive(Default)]
pub(super) struct Books {
    pub queues: QueueBook,
    pub yard: YardBook,
    pub services: ServicesBook,
}

/// Which of them a commit changed.
#[derive(Clone, Copy)]
pub(super) struct BooksChanged {
    pub queues: bool,
    pub yard: bool,
}

impl Books {
    pub fn apply(&mut self, events: &CommitEvents) -> BooksChanged {
        BooksChanged { queues: self.queues.apply(events), yard: self.yard.apply(events) }
    }
}
