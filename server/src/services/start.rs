//! All services of a yard, started together.

use std::collections::BTreeMap;

use actix::{Arbiter, Recipient, Supervisor, SystemRegistry};
use taskyard_shared::limit::Rate;
use taskyard_shared::service;

use super::ServiceError;
use super::cache::{Cache, CacheActor, CacheConfig, CacheLimits};
use super::limiter::{Limiter, LimiterLimits, RateLimiter, RateLimiterConfig};
use super::pool::{ConnectionPool, ConnectionPoolConfig, PoolSettings, PoolSetupError, Pools};
use crate::clock::Clock;
use crate::supervision::Supervision;
use crate::views::messages::ServiceStatus;

/// The services' handles. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub limiter: Limiter,
    pub cache: Cache,
    pub pools: Pools,
}

/// What can be said of the services before they start.
#[derive(Clone, Debug, Default)]
pub struct ServicesConfig {
    /// How often a client may submit; None: as often as it likes.
    pub submissions: Option<Rate>,
    pub limiter: LimiterLimits,
    pub cache: CacheLimits,
    /// Pools of connections by name.
    pub pools: BTreeMap<String, PoolSettings>,
}

impl Services {
    /// Starts every service on this arbiter, and registers it in the System.
    ///
    /// # Errors
    /// The name of a pool that cannot be set up, and why; then none of them has started.
    pub(crate) fn start(
        config: ServicesConfig,
        arbiter: &Arbiter,
        shown_by: &Recipient<ServiceStatus>,
        clock: &Clock,
        supervision: &Supervision,
    ) -> Result<Services, (String, PoolSetupError)> {
        let pools = ConnectionPool::new(ConnectionPoolConfig {
            pools: config.pools,
            clock: clock.clone(),
            supervision: supervision.clone(),
            shown_by: Some(shown_by.clone()),
        })?;
        let pools = Supervisor::start_in_arbiter(&arbiter.handle(), |_| pools);
        SystemRegistry::set(pools.clone());
        let limiter = RateLimiterConfig {
            limits: config.limiter,
            submissions: config.submissions,
            clock: clock.clone(),
            supervision: supervision.clone(),
            shown_by: Some(shown_by.clone()),
        };
        let limiter = Supervisor::start_in_arbiter(&arbiter.handle(), |_| RateLimiter::new(limiter));
        SystemRegistry::set(limiter.clone());
        let cache = CacheConfig {
            limits: config.cache,
            clock: clock.clone(),
            supervision: supervision.clone(),
            shown_by: Some(shown_by.clone()),
        };
        let cache = Supervisor::start_in_arbiter(&arbiter.handle(), |_| CacheActor::new(cache));
        SystemRegistry::set(cache.clone());
        Ok(Services {
            limiter: Limiter::new(limiter),
            cache: Cache::new(cache, clock.clone()),
            pools: Pools::new(pools),
        })
    }

    /// How all of them stand.
    ///
    /// # Errors
    /// One of them is restarting.
    pub async fn status(&self) -> Result<service::Services, ServiceError> {
        Ok(service::Services {
            limiter: self.limiter.status().await?,
            cache: self.cache.status().await?,
            pools: self.pools.status().await?,
        })
    }
}
