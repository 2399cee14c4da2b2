//! Who waits at a pool and who has a connection: plain Rust, told by the actor.

use std::collections::BTreeMap;

use taskyard_shared::job::JobId;
use taskyard_shared::service::PoolUser;

/// Names a caller's place at a pool, from when it asks until it gives its connection back.
pub(super) type PlaceNumber = u64;

/// **Bound.** A place for each caller: those are bounded by the slots of the queues, or bound themselves. Of them at most
/// the pool's size have a connection.
#[derive(Default)]
pub(super) struct Book {
    waiting: BTreeMap<PlaceNumber, Option<JobId>>,
    users: BTreeMap<PlaceNumber, PoolUser>,
    checkouts: u64,
    latest: PlaceNumber,
}

impl Book {
    pub fn enter(&mut self, job: Option<JobId>) -> PlaceNumber {
        self.latest += 1;
        self.waiting.insert(self.latest, job);
        self.latest
    }

    /// Whoever waited at this place has a connection now.
    pub fn took(&mut self, place: PlaceNumber, now_ms: i64) {
        if let Some(job) = self.waiting.remove(&place) {
            self.checkouts += 1;
            self.users.insert(place, PoolUser { job, since_ms: now_ms });
        }
    }

    /// Whoever was at this place is gone, with or without having had a connection.
    pub fn left(&mut self, place: PlaceNumber) {
        self.waiting.remove(&place);
        self.users.remove(&place);
    }

    pub fn users(&self) -> Vec<PoolUser> {
        self.users.values().cloned().collect()
    }

    pub fn waiting(&self) -> u32 {
        u32::try_from(self.waiting.len()).unwrap_or(u32::MAX)
    }

    pub fn checkouts(&self) -> u64 {
        self.checkouts
    }
}
