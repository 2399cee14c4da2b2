//! What went wrong in a pool.

use std::sync::{Mutex, MutexGuard, PoisonError};

use taskyard_shared::service::PoolError;

use crate::clock::Clock;

/// Shared by all that may see something go wrong. Keeps the count and the latest.
#[derive(Default)]
pub struct Faults {
    clock: Clock,
    seen: Mutex<(u64, Option<PoolError>)>,
}

impl Faults {
    pub fn new(clock: Clock) -> Self {
        Faults { clock, seen: Mutex::default() }
    }

    pub fn note(&self, message: String) {
        let at_ms = self.clock.now_ms();
        let mut seen = self.seen();
        seen.0 += 1;
        seen.1 = Some(PoolError { at_ms, message });
    }

    pub fn count_and_last(&self) -> (u64, Option<PoolError>) {
        self.seen().clone()
    }

    fn seen(&self) -> MutexGuard<'_, (u64, Option<PoolError>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
