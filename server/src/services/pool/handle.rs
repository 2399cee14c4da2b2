//! The pools as others see them.

use actix::Addr;
use deadpool::managed::{PoolError, TimeoutType};
use taskyard_shared::job::JobId;
use taskyard_shared::service::PoolStatus;

use super::actor::{ConnectionPool, PART};
use super::any::CONNECT_TIMEOUT;
use super::connects::{ConnectFailure, Connects};
use super::error::CheckoutError;
use super::messages::{Enter, Entered, ShowPools};
use super::pooled::Pooled;
use super::postgres::PostgresConnector;
use super::smtp::SmtpConnector;
use super::sqlite::SqliteConnector;
use crate::services::ServiceError;

/// Hands out connections. Cheap to clone.
#[derive(Clone)]
pub struct Pools {
    addr: Addr<ConnectionPool>,
}

impl Pools {
    pub fn new(addr: Addr<ConnectionPool>) -> Self {
        Pools { addr }
    }

    /// A connection to the SMTP server of this pool, for this job.
    ///
    /// # Errors
    /// As [`Pools::checkout`].
    pub async fn smtp(
        &self,
        pool: &str,
        job: impl Into<Option<JobId>>,
    ) -> Result<Pooled<SmtpConnector>, CheckoutError> {
        self.checkout(pool, job).await
    }

    /// A connection to the PostgreSQL server of this pool, for this job.
    ///
    /// # Errors
    /// As [`Pools::checkout`].
    pub async fn postgres(
        &self,
        pool: &str,
        job: impl Into<Option<JobId>>,
    ) -> Result<Pooled<PostgresConnector>, CheckoutError> {
        self.checkout(pool, job).await
    }

    /// A connection to the SQLite file of this pool, for this job. Its work blocks: it belongs into
    /// [`crate::kinds::JobContext::blocking`].
    ///
    /// # Errors
    /// As [`Pools::checkout`].
    pub async fn sqlite(
        &self,
        pool: &str,
        job: impl Into<Option<JobId>>,
    ) -> Result<Pooled<SqliteConnector>, CheckoutError> {
        self.checkout(pool, job).await
    }

    /// A connection of this pool: an idle one that was checked, or a new one. When all are in use the caller waits in
    /// line, as long as the pool's time-out says; connecting and checking take at most some seconds more. `job` is shown
    /// as who has it; None: the server itself. Must be called inside a tokio runtime that outlives the connection.
    ///
    /// # Errors
    /// No such pool, none became free in time, or the pool cannot connect; or the pools are restarting.
    pub async fn checkout<C: Connects>(
        &self,
        pool: &str,
        job: impl Into<Option<JobId>>,
    ) -> Result<Pooled<C>, CheckoutError> {
        let enter = Enter { pool: pool.into(), kind: C::KIND, job: job.into() };
        let entered = self.addr.send(enter).await.unwrap_or_else(|error| Err(self.unanswered(&error)))?;
        let connections = C::of(&entered.pool).ok_or(ServiceError::Restarting(PART))?;
        match connections.get().await {
            Ok(object) => Ok(Pooled::new(object, entered.place)),
            Err(error) => Err(told(error, &entered)),
        }
    }

    /// How all of them stand, sorted by name.
    ///
    /// # Errors
    /// They are restarting, or have stopped.
    pub async fn status(&self) -> Result<Vec<PoolStatus>, ServiceError> {
        self.addr.send(ShowPools).await.map_err(|error| self.unanswered(&error))
    }

    fn unanswered(&self, error: &actix::MailboxError) -> ServiceError {
        ServiceError::unanswered(PART, error, self.addr.connected())
    }
}

/// Notes why there is no connection, and says it.
fn told(error: PoolError<ConnectFailure>, entered: &Entered) -> CheckoutError {
    let pool = entered.place.pool.to_string();
    let no_connection = |reason, is_final| CheckoutError::NoConnection {
        pool: pool.clone(),
        target: entered.target.to_string(),
        reason,
        is_final,
    };
    let error = match error {
        PoolError::Timeout(TimeoutType::Wait) => {
            CheckoutError::Busy { pool: pool.clone(), timeout_s: entered.timeout_s }
        }
        PoolError::Timeout(_) => {
            no_connection(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()), false)
        }
        PoolError::Backend(failure) => no_connection(failure.reason, failure.is_final),
        other => no_connection(other.to_string(), false),
    };
    entered.faults.note(error.to_string());
    error
}
