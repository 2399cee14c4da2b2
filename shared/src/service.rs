//! The services beside the queue as they stand: the rate limiter, the cache and the pools of connections.

use serde::{Deserialize, Serialize};

use crate::job::JobId;
use crate::limit::Rate;

/// All services. One that restarts is shown as it last was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Services {
    pub limiter: LimiterStatus,
    pub cache: CacheStatus,
    /// Sorted by name.
    pub pools: Vec<PoolStatus>,
}

impl Services {
    /// Takes in those services that changed: the parts of [`crate::view::ViewDelta::Services`].
    pub fn apply(
        &mut self,
        limiter: Option<LimiterStatus>,
        cache: Option<CacheStatus>,
        pools: Option<Vec<PoolStatus>>,
    ) {
        if let Some(limiter) = limiter {
            self.limiter = limiter;
        }
        if let Some(cache) = cache {
            self.cache = cache;
        }
        if let Some(pools) = pools {
            self.pools = pools;
        }
    }
}

/// What the rate limiter does. Counts are since the server's start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LimiterStatus {
    /// How often a client may submit, if that is limited.
    pub submissions: Option<Rate>,
    /// Keys that are remembered: those that were asked for lately.
    pub keys: u64,
    /// Most keys that are remembered.
    pub max_keys: u64,
    pub allowed: u64,
    pub refused: u64,
    /// Keys that were forgotten because they were idle.
    pub forgotten: u64,
    /// The keys asked for last, the latest first: at most [`crate::limits::MAX_SERVICE_ROWS`].
    pub latest: Vec<LimiterKey>,
}

/// One key of the rate limiter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LimiterKey {
    pub key: String,
    pub rate: Rate,
    /// How many are allowed at once, as of `asked_at_ms`.
    pub remaining: u32,
    /// When the next one is allowed, if none is.
    pub next_at_ms: Option<i64>,
    pub allowed: u64,
    pub refused: u64,
    /// When it was asked for last.
    pub asked_at_ms: i64,
}

/// What the cache holds. Counts are since the server's start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CacheStatus {
    pub entries: u64,
    /// What the entries weigh together, and may weigh: keys and values in bytes.
    pub bytes: u64,
    pub max_bytes: u64,
    pub hits: u64,
    pub misses: u64,
    /// Callers who got what another one was computing already.
    pub shared: u64,
    /// Entries that had to go before their time, because the cache was full.
    pub evictions: u64,
    /// The entries put in last, the latest first: at most [`crate::limits::MAX_SERVICE_ROWS`].
    pub latest: Vec<CacheEntry>,
}

/// One entry of the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CacheEntry {
    pub key: String,
    pub bytes: u64,
    pub put_at_ms: i64,
    pub expires_at_ms: i64,
    pub hits: u64,
    /// The job whose result it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
}

/// A pool of connections. Counts are since the server's start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolStatus {
    pub name: String,
    pub kind: PoolKind,
    /// Where it connects to, without user and password.
    pub target: String,
    pub max_size: u32,
    /// Open connections: those idle and those in use.
    pub size: u32,
    pub idle: u32,
    /// Who has a connection.
    pub users: Vec<PoolUser>,
    /// Callers who wait for one.
    pub waiting: u32,
    pub checkouts: u64,
    /// Connections that could not be made or were found broken, and callers whose time ran out.
    pub errors: u64,
    /// The latest of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<PoolError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PoolKind {
    Smtp,
    Postgres,
    Sqlite,
}

/// Who has a connection of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolUser {
    /// None: not a job, but the server itself.
    pub job: Option<JobId>,
    pub since_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PoolError {
    pub at_ms: i64,
    pub message: String,
}
