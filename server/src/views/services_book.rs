//! The services as they told of themselves last.

use std::sync::Arc;

use taskyard_shared::service::{CacheStatus, LimiterStatus, PoolStatus};

use super::messages::ServiceStatus;

/// Each part is bounded by what a service tells of itself: `MAX_SERVICE_ROWS`, and the pools that are configured.
#[derive(Default)]
pub struct ServicesBook {
    pub limiter: Arc<LimiterStatus>,
    pub cache: Arc<CacheStatus>,
    pub pools: Arc<Vec<PoolStatus>>,
}

impl ServicesBook {
    /// Takes in how a service stands. Answers whether that is new.
    pub fn apply(&mut self, status: ServiceStatus) -> bool {
        match status {
            ServiceStatus::Limiter(limiter) => put(&mut self.limiter, limiter),
            ServiceStatus::Cache(cache) => put(&mut self.cache, cache),
            ServiceStatus::Pools(pools) => put(&mut self.pools, pools),
        }
    }
}

fn put<T: PartialEq>(known: &mut Arc<T>, told: T) -> bool {
    let differs = **known != told;
    if differs {
        *known = Arc::new(told);
    }
    differs
}
