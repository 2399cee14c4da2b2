//! What each statement costs: none may look at rows that it does not want.

use rusqlite::Connection;
use tempfile::tempdir;

use super::super::{SqliteStore, bare, read, write};

/// The steps of a statement's plan.
fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = vec![1; explain.parameter_count()];
    explain
        .query_map(rusqlite::params_from_iter(parameters), |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn no_hot_statement_scans_or_sorts() {
    let folder = tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
    for sql in read::STATEMENTS.iter().chain(write::STATEMENTS).chain(bare::STATEMENTS) {
        let steps = plan(&conn, sql);
        assert!(!steps.is_empty(), "no plan: {sql}");
        for step in steps {
            // What counts towards limits is as little as what is at work.
            let is_cheap =
                step.starts_with("SEARCH") || step.contains("SUBQUERY") || step == "SCAN job_meter";
            assert!(is_cheap, "{sql}\n  {step}");
        }
    }
    // The check can fail.
    assert!(plan(&conn, "SELECT * FROM job WHERE name = ?1")[0].starts_with("SCAN"));
}
