//! Whose turn it is among the jobs that a meter holds back: decided here for every store.
//!
//! By priority, like the jobs of a queue; but of [`OLDEST_EVERY`] starts that others are held back for, one is that of
//! the job added first, so that none of them waits for ever. Jobs of a queue that cannot start one anyway (it is
//! paused, or has no free slot) let those of other queues pass.

use std::cmp::Reverse;

use taskyard_shared::job::JobId;
use taskyard_shared::queue::StateCounts;

use super::ops::QueueSettings;

/// Of so many starts of a meter one goes by age, as of the starts of a queue.
pub(super) const OLDEST_EVERY: u32 = 8;

/// The least goes first.
pub(super) type Rank = (Reverse<i16>, JobId);

/// By what the next start of a meter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Priority,
    Age,
}

impl Order {
    /// `passed`: see [`passed_after`].
    pub fn after(passed: u32) -> Order {
        if passed % OLDEST_EVERY == OLDEST_EVERY - 1 { Order::Age } else { Order::Priority }
    }

    pub fn rank(self, priority: i16, id: JobId) -> Rank {
        match self {
            Order::Priority => (Reverse(priority), id),
            Order::Age => (Reverse(0), id),
        }
    }
}

/// How many starts a meter has seen since the last one that went by age, after one more. Where nobody is held back,
/// that one is still to come.
pub(super) fn passed_after(passed: u32, are_held: bool) -> u32 {
    if are_held && Order::after(passed) == Order::Age { 0 } else { (passed + 1).min(OLDEST_EVERY - 1) }
}

/// Whether a queue would start a job now, as far as a store knows.
pub(super) fn can_start(settings: &QueueSettings, counts: &StateCounts) -> bool {
    !settings.paused && counts.processing < u64::from(settings.concurrency)
}
