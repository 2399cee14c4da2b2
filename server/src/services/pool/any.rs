//! A pool of any kind, as the actor keeps it.

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Pool, PoolConfig, QueueMode, Timeouts};

use super::connects::{Connects, Keeper};
use super::error::PoolSetupError;
use super::faults::Faults;
use super::postgres::PostgresConnector;
use super::settings::{PoolSettings, PoolTarget};
use super::smtp::SmtpConnector;
use super::sqlite::SqliteConnector;

/// Longest time that a connection may take to be made, greetings and authentication included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time of the check before a connection is used again.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
/// An idle connection that is closed gets this long to say good-bye.
const FAREWELL: Duration = Duration::from_secs(1);

#[doc(hidden)]
#[derive(Clone)]
pub enum AnyPool {
    Smtp(Pool<Keeper<SmtpConnector>>),
    Postgres(Pool<Keeper<PostgresConnector>>),
    Sqlite(Pool<Keeper<SqliteConnector>>),
}

impl AnyPool {
    pub(super) fn new(settings: &PoolSettings, faults: &Arc<Faults>) -> Result<Self, PoolSetupError> {
        Ok(match &settings.target {
            PoolTarget::Smtp(smtp) => {
                AnyPool::Smtp(build(SmtpConnector::new(smtp.clone())?, settings, faults)?)
            }
            PoolTarget::Postgres(postgres) => {
                AnyPool::Postgres(build(PostgresConnector::new(postgres)?, settings, faults)?)
            }
            PoolTarget::Sqlite(sqlite) => {
                AnyPool::Sqlite(build(SqliteConnector::new(sqlite.clone()), settings, faults)?)
            }
        })
    }

    /// Open connections, and how many of them are idle.
    pub(super) fn size_and_idle(&self) -> (u32, u32) {
        let status = match self {
            AnyPool::Smtp(pool) => pool.status(),
            AnyPool::Postgres(pool) => pool.status(),
            AnyPool::Sqlite(pool) => pool.status(),
        };
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        (number(status.size), number(status.available))
    }

    /// Closes idle connections whose time is over. To be called inside a runtime.
    pub(super) fn close_stale(&self) {
        match self {
            AnyPool::Smtp(pool) => close_stale(pool),
            AnyPool::Postgres(pool) => close_stale(pool),
            AnyPool::Sqlite(pool) => close_stale(pool),
        }
    }

    /// Tries to connect, and closes the connection again: those that are kept belong to the runtime of their users.
    pub(super) async fn try_to_connect(&self) -> Result<(), String> {
        match self {
            AnyPool::Smtp(pool) => try_to_connect(pool).await,
            AnyPool::Postgres(pool) => try_to_connect(pool).await,
            AnyPool::Sqlite(pool) => try_to_connect(pool).await,
        }
    }
}

fn build<C: Connects>(
    connector: C,
    settings: &PoolSettings,
    faults: &Arc<Faults>,
) -> Result<Pool<Keeper<C>>, PoolSetupError> {
    let keeper = Keeper {
        connector,
        faults: Arc::clone(faults),
        max_lifetime: settings.max_lifetime,
        idle_timeout: settings.idle_timeout,
    };
    let config = PoolConfig {
        max_size: settings.max_size as usize,
        timeouts: Timeouts {
            wait: Some(settings.timeout),
            create: Some(CONNECT_TIMEOUT),
            recycle: Some(CHECK_TIMEOUT),
        },
        // The one that was used last, so that those nobody needs grow idle.
        queue_mode: QueueMode::Lifo,
    };
    let built = Pool::builder(keeper).config(config).runtime(Runtime::Tokio1).build();
    built.map_err(|error| PoolSetupError::Pool(error.to_string()))
}

fn close_stale<C: Connects>(pool: &Pool<Keeper<C>>) {
    let stale = pool.retain(|kept, metrics| pool.manager().is_fresh(kept, &metrics)).removed;
    for kept in stale {
        // Ends after `FAREWELL`, so at most a pool's size of these run.
        tokio::spawn(tokio::time::timeout(FAREWELL, C::close(kept.connection)));
    }
}

async fn try_to_connect<C: Connects>(pool: &Pool<Keeper<C>>) -> Result<(), String> {
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, pool.manager().connector.connect()).await;
    let connection = connected
        .map_err(|_| format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))?
        .map_err(|failure| failure.reason)?;
    let _ = tokio::time::timeout(FAREWELL, C::close(connection)).await;
    Ok(())
}
