//! Pools of connections: named ones from the configuration, to SMTP servers, PostgreSQL and SQLite files. In use by kinds
//! of jobs.
//!
//! deadpool keeps the connections; the actor knows who has one and who waits. A connection comes back when its
//! [`Pooled`] is dropped, however that happens: the job ended, panicked or was cancelled. One that is dropped in the
//! middle of an exchange is closed instead, because what its server says next would be taken for the answer to somebody
//! else's question.
//!
//! A pool that cannot connect stops nobody but those who want a connection: it says so in its status, and they try again.

mod actor;
mod any;
mod books;
mod connects;
mod error;
mod faults;
mod handle;
mod messages;
mod place;
mod pooled;
mod postgres;
mod settings;
mod smtp;
mod sqlite;
#[cfg(test)]
mod tests;
mod trust;

pub use actor::{ConnectionPool, ConnectionPoolConfig};
pub(crate) use connects::with_causes;
pub use connects::{ConnectFailure, Connects};
pub use error::{CheckoutError, PoolSetupError};
pub use handle::Pools;
pub use messages::ShowPools;
pub use pooled::Pooled;
pub use postgres::{PostgresConnection, PostgresConnector};
pub use settings::{
    PoolSettings, PoolTarget, PostgresSettings, Secret, SmtpSettings, SmtpTls, SqliteSettings,
};
pub use smtp::{SendError, SmtpConnection, SmtpConnector};
pub use sqlite::SqliteConnector;
pub(crate) use trust::certificates;
