//! The wall clock, and one that stands still for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// None: the system's.
    manual_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that stands at `now_ms` until [`Clock::advance`].
    pub fn manual(now_ms: i64) -> Self {
        Clock { manual_ms: Some(Arc::new(AtomicI64::new(now_ms))) }
    }

    /// Moves a manual clock, and all its clones; the system's clock does not move.
    pub fn advance(&self, by_ms: i64) {
        if let Some(manual) = &self.manual_ms {
            manual.fetch_add(by_ms, Ordering::Relaxed);
        }
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        match &self.manual_ms {
            Some(manual) => manual.load(Ordering::Relaxed),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}
