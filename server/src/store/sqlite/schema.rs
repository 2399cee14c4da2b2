//! The schema and its versions. A file of an older version is brought up to date when it is opened, in one
//! transaction; a file of a newer one is refused.

use rusqlite::{Connection, TransactionBehavior};

/// `Tyrd`: marks the file as Taskyard's, for `file(1)` and against opening another program's database.
pub(super) const APPLICATION_ID: i32 = 0x5479_7264;

/// Each brings the schema from the version before to its own; the first is version 1. What has been
/// released is never changed, only added to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_production.sql"),
    include_str!("migrations/0003_order_and_references.sql"),
    include_str!("migrations/0004_ends.sql"),
];

/// The version that this program knows.
pub(super) const KNOWN_VERSION: u32 = MIGRATIONS.len() as u32;

/// Brings the schema up to date. Nothing has changed when it fails.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<()> {
    let found = version(conn)?;
    if found >= KNOWN_VERSION {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in &MIGRATIONS[found as usize..] {
        tx.execute_batch(migration)?;
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", KNOWN_VERSION)?;
    tx.commit()
}

/// The version of the schema in the file; 0 in an empty one.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}
