//! Computations under way: whoever asks for the same key meanwhile waits for the one that began.

use std::collections::HashMap;

use tokio::sync::oneshot;

use super::entries::Cached;

/// What a caller who waits is told; the sender is dropped when the computation failed or was given up, and the caller
/// asks again.
pub(super) type Landing = oneshot::Receiver<Cached>;

/// **Bound.** A flight for each caller that computes, and a waiter for each that waits: callers are bounded by the slots
/// of the queues, or bound themselves.
#[derive(Default)]
pub(super) struct Flights {
    by_key: HashMap<String, Flight>,
    latest: u64,
}

struct Flight {
    number: u64,
    waiting: Vec<oneshot::Sender<Cached>>,
}

/// What to do about a value that is not there.
pub(super) enum Boarding {
    /// Nobody computes it: the caller does, under this number.
    Compute(u64),
    Wait(Landing),
}

impl Flights {
    pub fn board(&mut self, key: &str) -> Boarding {
        if let Some(flight) = self.by_key.get_mut(key) {
            let (sender, landing) = oneshot::channel();
            flight.waiting.retain(|waiting| !waiting.is_closed());
            flight.waiting.push(sender);
            return Boarding::Wait(landing);
        }
        self.latest += 1;
        self.by_key.insert(key.to_owned(), Flight { number: self.latest, waiting: Vec::new() });
        Boarding::Compute(self.latest)
    }

    /// Hands the value to those who wait. Answers how many got it; None when the flight is not known any more.
    pub fn land(&mut self, key: &str, number: u64, cached: &Cached) -> Option<u64> {
        let flight = self.take(key, number)?;
        let got = flight.waiting.into_iter().filter_map(|waiting| waiting.send(cached.clone()).ok());
        Some(got.count() as u64)
    }

    /// The computation came to nothing: those who wait ask again, and the first of them computes.
    pub fn give_up(&mut self, key: &str, number: u64) {
        drop(self.take(key, number));
    }

    fn take(&mut self, key: &str, number: u64) -> Option<Flight> {
        let is_it = self.by_key.get(key).is_some_and(|flight| flight.number == number);
        if is_it { self.by_key.remove(key) } else { None }
    }

    pub fn clear(&mut self) {
        self.by_key.clear();
    }
}
