//! The queues as the live view tells them, and the sums over all of them.

use taskyard_shared::queue::{QueueStatus, StateCounts};
use taskyard_shared::view::{ViewDelta, ViewSnapshot};

/// Sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    pub list: Vec<QueueStatus>,
    /// False until the first snapshot: zeros would be a lie before it.
    pub known: bool,
}

impl Queues {
    pub fn snapshot(&mut self, snapshot: ViewSnapshot) {
        if let ViewSnapshot::Queues { queues } = snapshot {
            self.list = queues;
            self.known = true;
        }
    }

    pub fn delta(&mut self, delta: ViewDelta) {
        if let ViewDelta::Queues { queues } = delta {
            queues.into_iter().for_each(|queue| self.put(queue));
        }
    }

    /// Takes in a queue, new or changed.
    pub fn put(&mut self, queue: QueueStatus) {
        match self.list.binary_search_by(|known| known.name.cmp(&queue.name)) {
            Ok(at) => self.list[at] = queue,
            Err(at) => self.list.insert(at, queue),
        }
    }

    pub fn totals(&self) -> StateCounts {
        let mut totals = StateCounts::default();
        self.list.iter().for_each(|queue| totals.add(&queue.counts));
        totals
    }

    pub fn get(&self, name: &str) -> Option<&QueueStatus> {
        self.list.iter().find(|queue| queue.name == name)
    }
}

#[cfg(test)]
mod tests {
    use taskyard_shared::queue::Retention;

    use super::*;

    fn queue(name: &str, pending: u64) -> QueueStatus {
        let counts = StateCounts { pending, ..StateCounts::default() };
        QueueStatus {
            name: name.into(),
            concurrency: 1,
            paused: false,
            draining: false,
            max_attempts: None,
            timeout_ms: None,
            retention: Retention::default(),
            counts,
            stopping: 0,
        }
    }

    #[test]
    fn deltas_replace_known_queues_and_insert_new_ones_in_order() {
        let mut queues = Queues::default();
        queues.snapshot(ViewSnapshot::Queues { queues: vec![queue("demo", 1), queue("image", 0)] });
        queues.delta(ViewDelta::Queues { queues: vec![queue("http", 4), queue("demo", 2)] });
        let names: Vec<&str> = queues.list.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(names, ["demo", "http", "image"]);
        assert_eq!(queues.totals().pending, 6);
    }
}
