//! The view of the services: what its watchers have, and which parts they must get.

use std::sync::Arc;

use taskyard_shared::service::{CacheStatus, LimiterStatus, PoolStatus, Services};
use taskyard_shared::view::ViewDelta;

use super::services_book::ServicesBook;

/// The parts that the watchers have after the latest frame; shared with the book until that goes on.
#[derive(Default)]
pub struct ServicesView {
    limiter: Arc<LimiterStatus>,
    cache: Arc<CacheStatus>,
    pools: Arc<Vec<PoolStatus>>,
}

impl ServicesView {
    /// The parts that differ from what the watchers have; from then on they have them.
    pub fn take_delta(&mut self, book: &ServicesBook) -> Option<ViewDelta> {
        let limiter = take(&mut self.limiter, &book.limiter);
        let cache = take(&mut self.cache, &book.cache);
        let pools = take(&mut self.pools, &book.pools);
        let any = limiter.is_some() || cache.is_some() || pools.is_some();
        any.then_some(ViewDelta::Services { limiter, cache, pools })
    }

    pub fn snapshot(&self) -> Services {
        Services {
            limiter: (*self.limiter).clone(),
            cache: (*self.cache).clone(),
            pools: self.pools.to_vec(),
        }
    }
}

fn take<T: Clone + PartialEq>(sent: &mut Arc<T>, known: &Arc<T>) -> Option<T> {
    if Arc::ptr_eq(sent, known) {
        return None;
    }
    let differs = sent != known;
    *sent = Arc::clone(known);
    differs.then(|| (**known).clone())
}
