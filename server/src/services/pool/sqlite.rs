//! Connections to SQLite files, for reading only.

use std::time::Duration;

use deadpool::managed::Pool;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use taskyard_shared::service::PoolKind;

use super::any::AnyPool;
use super::connects::{ConnectFailure, Connects, Keeper};
use super::settings::SqliteSettings;

/// How long a statement waits for whoever writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens one SQLite file.
pub struct SqliteConnector {
    settings: SqliteSettings,
}

impl SqliteConnector {
    pub(super) fn new(settings: SqliteSettings) -> Self {
        SqliteConnector { settings }
    }
}

impl Connects for SqliteConnector {
    const KIND: PoolKind = PoolKind::Sqlite;
    type Connection = Connection;

    async fn connect(&self) -> Result<Connection, ConnectFailure> {
        let path = self.settings.path.clone();
        let opening = tokio::task::spawn_blocking(move || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "query_only", true)?;
            read_schema(&connection)?;
            Ok(connection)
        });
        let opened = opening.await.map_err(|error| ConnectFailure::new(&error))?;
        opened.map_err(|error: rusqlite::Error| ConnectFailure::new(&error))
    }

    /// Reads a page, without waiting for whoever writes: a file that is locked is there.
    async fn check(&self, connection: &mut Connection) -> Result<(), String> {
        let read = || {
            connection.busy_timeout(Duration::ZERO)?;
            let read = read_schema(connection);
            connection.busy_timeout(BUSY_TIMEOUT)?;
            read
        };
        match read() {
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) => {
                Err(error.to_string())
            }
            _ => Ok(()),
        }
    }

    fn is_clean(connection: &Connection) -> bool {
        connection.is_autocommit()
    }

    fn of(pool: &AnyPool) -> Option<&Pool<Keeper<Self>>> {
        if let AnyPool::Sqlite(pool) = pool { Some(pool) } else { None }
    }
}

/// That it is a database at all is seen only when it is read.
fn read_schema(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}
