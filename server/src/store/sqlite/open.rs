//! Opening a data folder: lock it, look at the file without changing it, then open it for writing.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::failure::explain_opening;
use super::lock::FolderLock;
use super::read::SqliteReader;
use super::write::SqliteWriter;
use super::{SqliteStore, schema};
use crate::store::StoreError;

/// Up to this size (about 350,000 small jobs) the whole file is checked for damage at every start; that takes
/// about 4 ms for each megabyte. Damage in a larger file is found when the damaged page is read.
pub(super) const CHECKED_UP_TO_BYTES: u64 = 64 * 1024 * 1024;

/// The first version without the WAL-reset bug, by which 3.7.0 to 3.51.2 can damage a database.
pub(super) const OLDEST_SOUND_SQLITE: i32 = 3_051_003;

/// Pages (of 4 KiB) in the write-ahead log after which they are copied into the database.
const CHECKPOINT_AFTER_PAGES: u32 = 4_000;
/// What the log shrinks to after a long reader made it grow.
const LOG_KEPT_BYTES: u32 = 64 * 1024 * 1024;
/// Memory of the writer's page cache, in KiB.
const WRITER_CACHE_KIB: i32 = 16 * 1024;
const READER_CACHE_KIB: i32 = 2 * 1024;
/// How long to wait for somebody who has the file open with another program.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the data lies, and the right to use it.
pub(super) struct Home {
    pub file: PathBuf,
    _lock: FolderLock,
}

/// A data folder that is ready to be written to.
pub(super) struct Opened {
    // Closed before `home` lets go of the folder.
    pub conn: Connection,
    pub home: Arc<Home>,
    /// As the database reports it.
    pub durability: String,
}

/// Opens the store; a data file of up to `check_up_to_bytes` is checked for damage first.
pub(super) fn open(data_dir: &Path, check_up_to_bytes: u64) -> Result<SqliteStore, StoreError> {
    let Opened { conn, home, durability } = prepare(data_dir, check_up_to_bytes)?;
    let writer = SqliteWriter::new(conn, Arc::clone(&home))
        .map_err(|error: rusqlite::Error| explain_opening(&error, &home.file))?;
    Ok(SqliteStore {
        file: home.file.clone(),
        durability,
        writer: Mutex::new(Some(writer)),
        reader: Arc::new(SqliteReader::new(Arc::clone(&home))),
    })
}

/// Locks the folder, looks at the file, and opens it for writing, durable and with the latest schema.
pub(super) fn prepare(data_dir: &Path, check_up_to_bytes: u64) -> Result<Opened, StoreError> {
    let refused = |reason: String| StoreError::Open { path: data_dir.to_owned(), reason };
    if rusqlite::version_number() < OLDEST_SOUND_SQLITE {
        return Err(refused(format!("SQLite {} can damage databases", rusqlite::version())));
    }
    fs::create_dir_all(data_dir).map_err(|error| refused(error.to_string()))?;
    let lock = FolderLock::acquire(data_dir)?;
    let file = data_dir.join(super::DATA_FILE);
    inspect(&file, check_up_to_bytes)?;
    let home = Arc::new(Home { file, _lock: lock });
    let explained = |error: rusqlite::Error| explain_opening(&error, &home.file);
    let mut conn = writing_connection(&home.file).map_err(explained)?;
    let durability = make_durable(&conn).map_err(explained)?.map_err(refused)?;
    schema::migrate(&mut conn).map_err(explained)?;
    Ok(Opened { conn, home, durability })
}

/// Refuses a file that is not ours, newer, or damaged, before anything could change it.
fn inspect(file: &Path, check_up_to_bytes: u64) -> Result<(), StoreError> {
    // A file without content is what a server leaves that died at its very first start.
    let bytes = fs::metadata(file).map_or(0, |found| found.len());
    if bytes == 0 {
        return Ok(());
    }
    let explained = |error: rusqlite::Error| explain_opening(&error, file);
    let damaged = |reason: String| StoreError::Corrupt { path: file.to_owned(), reason };
    if is_cut_off(file, bytes) {
        return Err(damaged("its end is missing".to_owned()));
    }
    let conn = reading_connection(file).map_err(explained)?;
    let application: i32 =
        conn.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(explained)?;
    let found = schema::version(&conn).map_err(explained)?;
    if application != schema::APPLICATION_ID && !is_empty(&conn).map_err(explained)? {
        return Err(damaged("it is a database of another program".to_owned()));
    }
    if found > schema::KNOWN_VERSION {
        return Err(StoreError::TooNew { path: file.to_owned(), found, known: schema::KNOWN_VERSION });
    }
    if bytes <= check_up_to_bytes {
        let verdict: String =
            conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(explained)?;
        if verdict != "ok" {
            return Err(damaged(verdict));
        }
    }
    Ok(())
}

/// Whether the file is shorter than its header says. SQLite itself would take a missing piece of a page for
/// zeros. While there is a log, the rest may still be in that.
fn is_cut_off(file: &Path, bytes: u64) -> bool {
    let mut header = [0; 32];
    let has_log = fs::metadata(file.with_extension("db-wal")).is_ok_and(|log| log.len() > 0);
    let is_read = File::open(file).and_then(|mut file| file.read_exact(&mut header)).is_ok();
    if has_log || !is_read || !header.starts_with(b"SQLite format 3\0") {
        return false;
    }
    // The file format's description: the page size at 16 (1 stands for 65,536), the number of pages at 28.
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    bytes < page_bytes * u64::from(pages)
}

fn is_empty(conn: &Connection) -> rusqlite::Result<bool> {
    conn.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// A connection that cannot change anything.
pub(super) fn reading_connection(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.pragma_update(None, "query_only", true)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(32);
    keep_plans(&conn)?;
    Ok(conn)
}

fn writing_connection(file: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // Only counts for a file without tables: `Tidy` can give what is free back to the disk then.
    conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    conn.pragma_update(None, "foreign_keys", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    conn.set_prepared_statement_cache_capacity(128);
    keep_plans(&conn)?;
    Ok(conn)
}

/// Without this, SQLite prepares a statement anew each time a parameter is bound that a partial index might depend on,
/// such as a state: a claim then costs more to prepare than to run.
fn keep_plans(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Turns durability on and reads it back: what the database then reports, or why it will not do.
fn make_durable(conn: &Connection) -> rusqlite::Result<Result<String, String>> {
    let journal: String = conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    let synchronous: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    conn.query_row(&format!("PRAGMA wal_autocheckpoint = {CHECKPOINT_AFTER_PAGES}"), [], |_| Ok(()))?;
    conn.query_row(&format!("PRAGMA journal_size_limit = {LOG_KEPT_BYTES}"), [], |_| Ok(()))?;
    if journal != "wal" || synchronous != 2 {
        let reason =
            format!("the disk cannot keep data safely (journal {journal}, synchronous {synchronous})");
        return Ok(Err(reason));
    }
    Ok(Ok(format!("SQLite {}, WAL, synchronous=FULL", rusqlite::version())))
}
