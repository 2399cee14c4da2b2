//! What a kind of connection must be able to do, and the manager that lets deadpool keep it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::managed::{Manager, Metrics, Pool, RecycleError, RecycleResult};
use taskyard_shared::service::PoolKind;

use super::any::AnyPool;
use super::faults::Faults;

/// A connection could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ConnectFailure {
    /// A sentence without the password.
    pub reason: String,
    /// The next try will come to the same: a wrong password, a certificate that is not trusted.
    pub is_final: bool,
}

impl ConnectFailure {
    pub(super) fn new(error: &dyn std::error::Error) -> Self {
        ConnectFailure { reason: with_causes(error), is_final: false }
    }
}

/// An error with its causes, each said once.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let said = next.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = next.source();
    }
    text
}

/// Makes connections of one kind.
pub trait Connects: Send + Sync + Sized + 'static {
    const KIND: PoolKind;
    type Connection: Send + 'static;

    /// Makes a new connection, ready for use.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, ConnectFailure>> + Send;

    /// Whether an idle connection still works, before somebody gets it; makes it as if it were new.
    fn check(&self, connection: &mut Self::Connection) -> impl Future<Output = Result<(), String>> + Send;

    /// Whether a connection that comes back may be used again.
    fn is_clean(connection: &Self::Connection) -> bool;

    /// Ends a connection whose exchange was given up.
    fn abandon(&self, connection: Self::Connection) {
        drop(connection);
    }

    /// Ends an idle connection.
    fn close(connection: Self::Connection) -> impl Future<Output = ()> + Send {
        drop(connection);
        async {}
    }

    #[doc(hidden)]
    fn of(pool: &AnyPool) -> Option<&Pool<Keeper<Self>>>;
}

/// A connection in deadpool's hands.
pub struct Kept<T> {
    pub(super) connection: T,
    pub(super) idle_since: Instant,
}

/// deadpool's manager.
pub struct Keeper<C> {
    pub(super) connector: C,
    pub(super) faults: Arc<Faults>,
    pub(super) max_lifetime: Duration,
    pub(super) idle_timeout: Duration,
}

impl<C: Connects> Keeper<C> {
    /// Whether the connection may be kept, as far as its times go.
    pub fn is_fresh(&self, kept: &Kept<C::Connection>, metrics: &Metrics) -> bool {
        metrics.age() < self.max_lifetime && kept.idle_since.elapsed() < self.idle_timeout
    }
}

impl<C: Connects> Manager for Keeper<C> {
    type Type = Kept<C::Connection>;
    type Error = ConnectFailure;

    async fn create(&self) -> Result<Self::Type, ConnectFailure> {
        let connection = self.connector.connect().await?;
        Ok(Kept { connection, idle_since: Instant::now() })
    }

    async fn recycle(&self, kept: &mut Self::Type, metrics: &Metrics) -> RecycleResult<ConnectFailure> {
        if !self.is_fresh(kept, metrics) {
            return Err(RecycleError::message("its time is over"));
        }
        self.connector.check(&mut kept.connection).await.map_err(|reason| {
            self.faults.note(format!("a connection was found broken: {reason}"));
            RecycleError::message(reason)
        })
    }
}
