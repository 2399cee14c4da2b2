//! Connections to SQLite files, for reading only.

use std::time::Duration;

use deadpool::managed::Pool;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use taskyard_shared::service::PoolKind;

use super::any::AnyPool;
use super::connects::{ConnectFailure, Connects, Keeper};
use super::settings::SqliteSettings;

/// How long a statement waits for whoever writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// What SQLite recommends for files and queries of others (<https://sqlite.org/security.html>).
const GUARDS: [(DbConfig, bool); 3] = [
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
];

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
            for (guard, on) in GUARDS {
                connection.set_db_config(guard, on)?;
            }
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

#[tokio::test]
async fn a_connection_does_not_trust_its_file_and_cannot_write_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    Connection::open(&path).and_then(|shop| shop.execute_batch("CREATE TABLE book (title)")).expect("made");
    let connector = SqliteConnector::new(SqliteSettings { path });
    let connection = connector.connect().await.unwrap_or_else(|_| panic!("connected"));
    for (guard, on) in GUARDS {
        assert_eq!(connection.db_config(guard), Ok(on), "{guard:?}");
    }
    connection.execute("INSERT INTO book VALUES ('Emma')", []).expect_err("for reading only");
}
