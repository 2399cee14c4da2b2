//! Schedules, limits and operations as the latest commit left them.

use std::sync::Arc;

use taskyard_shared::limit::LimitStatus;
use taskyard_shared::operation::Operation;
use taskyard_shared::schedule::ScheduleStatus;

use crate::pubsub::CommitEvents;
use crate::store::CommitSeq;

/// Bounded by `MAX_SCHEDULES`, `MAX_LIMITS` and `MAX_KEPT_OPERATIONS`.
#[derive(Default)]
pub struct YardBook {
    pub schedules: Published<ScheduleStatus>,
    pub limits: Published<LimitStatus>,
    pub operations: Published<Operation>,
}

/// A list that is always published whole. Unknown until it was published for the first time.
pub struct Published<T> {
    as_of: CommitSeq,
    list: Option<Arc<Vec<T>>>,
}

impl<T> Default for Published<T> {
    fn default() -> Self {
        Published { as_of: CommitSeq::default(), list: None }
    }
}

impl YardBook {
    /// Takes in the lists that a commit changed. Answers whether anything is new.
    ///
    /// The queue's first event after a start has all of them.
    pub fn apply(&mut self, events: &CommitEvents) -> bool {
        let schedules = self.schedules.apply(events.commit, events.schedules.as_ref());
        let limits = self.limits.apply(events.commit, events.limits.as_ref());
        let operations = self.operations.apply(events.commit, events.operations.as_ref());
        schedules || limits || operations
    }

    pub fn is_known(&self) -> bool {
        self.schedules.list.is_some() && self.limits.list.is_some() && self.operations.list.is_some()
    }
}

impl<T: Clone + PartialEq> Published<T> {
    pub fn list(&self) -> Option<&Arc<Vec<T>>> {
        self.list.as_ref()
    }

    fn apply(&mut self, commit: CommitSeq, published: Option<&Vec<T>>) -> bool {
        let Some(published) = published.filter(|_| commit >= self.as_of) else { return false };
        self.as_of = commit;
        let differs = self.list.as_deref() != Some(published);
        if differs {
            self.list = Some(Arc::new(published.clone()));
        }
        differs
    }
}
