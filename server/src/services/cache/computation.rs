//! The right, and the duty, to compute a value that others wait for.

use actix::Addr;

use super::actor::CacheActor;
use super::entries::Cached;
use super::messages::Computed;

/// A value that is being computed. Dropped before it has landed, whoever waits is told, and the next one computes; that
/// also holds for a caller who is gone before the answer comes that would have made him compute.
pub(super) struct Computation {
    cache: Addr<CacheActor>,
    key: String,
    flight: u64,
    landed: bool,
}

impl Computation {
    pub fn new(cache: Addr<CacheActor>, key: String, flight: u64) -> Self {
        Computation { cache, key, flight, landed: false }
    }

    /// Hands in the value. It does not wait: whoever computed cannot be stopped between having the value and handing it
    /// in. What this caller asks the cache from then on comes after it.
    pub fn land(mut self, cached: Cached) {
        self.landed = true;
        self.tell(Some(cached));
    }

    fn tell(&mut self, cached: Option<Cached>) {
        let key = std::mem::take(&mut self.key);
        // One for each computation, so this cannot pile up.
        self.cache.do_send(Computed { key, flight: self.flight, cached });
    }
}

impl Drop for Computation {
    fn drop(&mut self) {
        if !self.landed {
            self.tell(None);
        }
    }
}
