//! Every queue as the latest commit left it: what the queue view shows and what totals are counted from.

use std::collections::BTreeMap;

use taskyard_shared::job::JobState;
use taskyard_shared::queue::{QueueStatus, StateCounts};
use taskyard_shared::view::JobFilter;

use crate::pubsub::CommitEvents;
use crate::store::CommitSeq;

/// Bounded by [`taskyard_shared::limits::MAX_QUEUES`], since queues are never removed.
#[derive(Default)]
pub struct QueueBook {
    queues: BTreeMap<String, Entry>,
    /// Whether the queues that existed before this process heard of any event are known.
    seeded: bool,
}

struct Entry {
    as_of: CommitSeq,
    status: QueueStatus,
}

impl QueueBook {
    /// Takes in the queues that a commit changed. Answers whether anything is new.
    ///
    /// The queue's first event after a start is a `reload` that names every queue.
    pub fn apply(&mut self, events: &CommitEvents) -> bool {
        let mut dirty = events.reload && !self.seeded;
        self.seeded |= events.reload;
        for status in &events.queues {
            dirty |= self.set(events.commit, status);
        }
        dirty
    }

    pub fn is_seeded(&self) -> bool {
        self.seeded
    }

    pub fn queues(&self) -> impl Iterator<Item = &QueueStatus> {
        self.queues.values().map(|entry| &entry.status)
    }

    /// How many jobs the filter lets pass, where the counts tell: a filter of states and queue only.
    pub fn total(&self, filter: &JobFilter) -> Option<u64> {
        let counts_tell = filter.kind.is_none() && filter.batch.is_none() && filter.text.trim().is_empty();
        if !self.seeded || !counts_tell {
            return None;
        }
        let mut counts = StateCounts::default();
        for queue in
            self.queues().filter(|queue| filter.queue.as_ref().is_none_or(|name| *name == queue.name))
        {
            counts.add(&queue.counts);
        }
        let wanted = |state: &JobState| filter.states.is_empty() || filter.states.contains(state);
        Some(JobState::ALL.into_iter().filter(wanted).map(|state| counts[state]).sum())
    }

    fn set(&mut self, as_of: CommitSeq, status: &QueueStatus) -> bool {
        match self.queues.get_mut(&status.name) {
            Some(entry) if entry.as_of > as_of => false,
            Some(entry) => {
                entry.as_of = as_of;
                let differs = entry.status != *status;
                if differs {
                    entry.status.clone_from(status);
                }
                differs
            }
            None => {
                self.queues.insert(status.name.clone(), Entry { as_of, status: status.clone() });
                true
            }
        }
    }
}
