//! The view of schedules, limits and operations: what its watchers have, and which lists they must get.

use std::sync::Arc;

use taskyard_shared::limit::LimitStatus;
use taskyard_shared::operation::Operation;
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::view::{ViewDelta, YardLists};

use super::yard_book::{Published, YardBook};

/// The lists that the watchers have after the latest frame; shared with the book until that goes on.
#[derive(Default)]
pub struct YardView {
    schedules: Arc<Vec<ScheduleStatus>>,
    limits: Arc<Vec<LimitStatus>>,
    operations: Arc<Vec<Operation>>,
}

impl YardView {
    /// The lists that differ from what the watchers have; from then on they have them.
    pub fn take_delta(&mut self, book: &YardBook) -> Option<ViewDelta> {
        let schedules = take(&mut self.schedules, &book.schedules);
        let limits = take(&mut self.limits, &book.limits);
        let operations = take(&mut self.operations, &book.operations);
        let any = schedules.is_some() || limits.is_some() || operations.is_some();
        any.then_some(ViewDelta::Yard { schedules, limits, operations })
    }

    pub fn snapshot(&self) -> YardLists {
        YardLists {
            schedules: self.schedules.to_vec(),
            limits: self.limits.to_vec(),
            operations: self.operations.to_vec(),
        }
    }
}

fn take<T: Clone + PartialEq>(sent: &mut Arc<Vec<T>>, known: &Published<T>) -> Option<Vec<T>> {
    let list = known.list()?;
    if Arc::ptr_eq(sent, list) {
        return None;
    }
    let differs = sent != list;
    *sent = Arc::clone(list);
    differs.then(|| list.to_vec())
}
