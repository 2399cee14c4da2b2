//! Schedules, limits and operations as the live view tells them, and what their commands came to.

use taskyard_shared::command::Reply;
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::view::{ViewDelta, ViewSnapshot, YardLists};

use super::operations;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Yard {
    pub lists: YardLists,
    /// False until the first snapshot: empty lists would be a lie before it.
    pub known: bool,
}

impl Yard {
    pub fn snapshot(&mut self, snapshot: ViewSnapshot) {
        if let ViewSnapshot::Yard { yard } = snapshot {
            self.lists = yard;
            self.known = true;
        }
    }

    pub fn delta(&mut self, delta: ViewDelta) {
        let ViewDelta::Yard { schedules, limits, operations } = delta else { return };
        replace(&mut self.lists.schedules, schedules);
        replace(&mut self.lists.limits, limits);
        replace(&mut self.lists.operations, operations);
    }

    pub fn schedule(&self, name: &str) -> Option<&ScheduleStatus> {
        let list = &self.lists.schedules;
        list.binary_search_by(|known| known.schedule.name.as_str().cmp(name)).ok().map(|at| &list[at])
    }

    pub fn limit(&self, name: &str) -> Option<&LimitStatus> {
        let list = &self.lists.limits;
        list.binary_search_by(|known| known.limit.name.as_str().cmp(name)).ok().map(|at| &list[at])
    }
}

fn replace<T>(list: &mut Vec<T>, changed: Option<Vec<T>>) {
    if let Some(changed) = changed {
        *list = changed;
    }
}

/// What became of a schedule, a limit or an operation; None for other replies.
pub fn told(reply: &Reply) -> Option<String> {
    Some(match reply {
        Reply::ScheduleSet { schedule } => {
            let name = &schedule.schedule.name;
            let paused = if schedule.schedule.paused { "is paused" } else { "is set" };
            format!("Schedule {name} {paused}.")
        }
        Reply::ScheduleRemoved { name } => format!("Schedule {name} is removed."),
        Reply::LimitSet { limit } => format!("Limit {} is set.", limit.limit.name),
        Reply::LimitRemoved { name } => format!("Limit {name} is removed."),
        Reply::Operation { operation } => operations::sentence(operation),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use taskyard_shared::limit::Limit;

    use super::*;

    fn limit(name: &str) -> LimitStatus {
        let limit =
            Limit { name: name.into(), queue: None, kind: None, key: None, concurrency: Some(1), rate: None };
        LimitStatus { limit, keys: 0, running: 0, held_back: 0 }
    }

    #[test]
    fn delta_replaces_the_lists_that_it_has_and_leaves_the_others() {
        let mut yard = Yard::default();
        let lists = YardLists { limits: vec![limit("a"), limit("b")], ..YardLists::default() };
        yard.snapshot(ViewSnapshot::Yard { yard: lists });
        assert!(yard.known);
        yard.delta(ViewDelta::Yard { schedules: Some(Vec::new()), limits: None, operations: None });
        assert!(yard.limit("b").is_some());
        yard.delta(ViewDelta::Yard { schedules: None, limits: Some(vec![limit("c")]), operations: None });
        assert!(yard.limit("b").is_none() && yard.limit("c").is_some());
    }
}
