//! `watch`es that the hub has not answered yet.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Bounded by the session: open requests and views together are at most `MAX_VIEWS_PER_CONNECTION`.
#[derive(Default)]
pub(super) struct Requests {
    open: VecDeque<Open>,
    latest: u64,
}

struct Open {
    number: u64,
    /// The client's own number for it.
    id: u64,
    since: Instant,
}

impl Requests {
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// The number under which the hub answers. (A client may use one id twice; this is unique.)
    pub fn add(&mut self, id: u64, now: Instant) -> u64 {
        self.latest += 1;
        self.open.push_back(Open { number: self.latest, id, since: now });
        self.latest
    }

    /// The client's id of a request that was answered; None when it was answered before.
    pub fn answered(&mut self, number: u64) -> Option<u64> {
        let at = self.open.iter().position(|open| open.number == number)?;
        self.open.remove(at).map(|open| open.id)
    }

    /// The client's id of a request that waits for longer than `within`.
    pub fn overdue(&mut self, now: Instant, within: Duration) -> Option<u64> {
        self.open.front().filter(|open| now.duration_since(open.since) > within)?;
        self.open.pop_front().map(|open| open.id)
    }
}
