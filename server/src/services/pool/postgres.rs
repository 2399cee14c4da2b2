//! Connections to PostgreSQL, by tokio-postgres.

use std::ops::{Deref, DerefMut};

use deadpool::managed::Pool;
use taskyard_shared::service::PoolKind;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::any::{AnyPool, CONNECT_TIMEOUT};
use super::connects::{ConnectFailure, Connects, Keeper, with_causes};
use super::error::PoolSetupError;
use super::settings::PostgresSettings;
use super::trust;

/// Makes connections to one PostgreSQL server.
pub struct PostgresConnector {
    config: tokio_postgres::Config,
    tls: Option<MakeRustlsConnect>,
}

/// A connection to PostgreSQL. Before it is used again everything that belongs to its session is discarded; one with a
/// transaction still open is closed.
pub struct PostgresConnection {
    client: Client,
    tls: Option<MakeRustlsConnect>,
}

impl PostgresConnection {
    /// Has the server stop what it does for this connection. To be called on another task than the one that waits for
    /// the answer.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub fn cancel(&self) -> impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static {
        let (token, tls) = (self.client.cancel_token(), self.tls.clone());
        async move {
            match tls {
                Some(tls) => token.cancel_query(tls).await,
                None => token.cancel_query(NoTls).await,
            }
        }
    }
}

impl Deref for PostgresConnection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for PostgresConnection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl PostgresConnector {
    pub(super) fn new(settings: &PostgresSettings) -> Result<Self, PoolSetupError> {
        let tls = match settings.config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(MakeRustlsConnect::new(trust::client_config(settings.ca_pem.as_deref())?)),
        };
        Ok(PostgresConnector { config: settings.config.clone(), tls })
    }
}

impl Connects for PostgresConnector {
    const KIND: PoolKind = PoolKind::Postgres;
    type Connection = PostgresConnection;

    async fn connect(&self) -> Result<PostgresConnection, ConnectFailure> {
        let failed = |error: tokio_postgres::Error| failure(&error);
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await.map_err(failed)?;
                // Ends when the client is dropped, or the server is gone.
                tokio::spawn(connection);
                client
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await.map_err(failed)?;
                tokio::spawn(connection);
                client
            }
        };
        Ok(PostgresConnection { client, tls: self.tls.clone() })
    }

    /// `DISCARD ALL` fails inside a transaction, and when the connection is gone.
    async fn check(&self, connection: &mut PostgresConnection) -> Result<(), String> {
        connection.client.batch_execute("DISCARD ALL").await.map_err(|error| with_causes(&error))
    }

    fn is_clean(connection: &PostgresConnection) -> bool {
        !connection.client.is_closed()
    }

    fn abandon(&self, connection: PostgresConnection) {
        // Without a runtime the process is ending, and the server notices that by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = tokio::time::timeout(CONNECT_TIMEOUT, connection.cancel()).await;
            });
        }
    }

    fn of(pool: &AnyPool) -> Option<&Pool<Keeper<Self>>> {
        if let AnyPool::Postgres(pool) = pool { Some(pool) } else { None }
    }
}

/// The server's answer never holds the password.
fn failure(error: &tokio_postgres::Error) -> ConnectFailure {
    let is_final = error.code().is_some_and(|code| {
        [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code)
    });
    ConnectFailure { reason: with_causes(error), is_final }
}
