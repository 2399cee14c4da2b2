//! The data folder: what it keeps over restarts and crashes, and when it is refused.

use std::fs;

use rusqlite::Connection;
use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limit::Limit;
use taskyard_shared::new_job::OnFailure;
use taskyard_shared::view::{JobFilter, SortOrder};
use tempfile::tempdir;

use super::super::open::OLDEST_SOUND_SQLITE;
use super::super::{SqliteStore, schema};
use crate::store::conformance::TestYard;
use crate::store::conformance::yard::{after, completed, failed, file, job, limit, top};
use crate::store::ops::{AddTerms, AttemptEnd, OpResult, RetryResult, WriteOp};
use crate::store::{Store, StoreError};

#[test]
fn the_linked_sqlite_has_no_wal_reset_bug() {
    assert!(rusqlite::version_number() >= OLDEST_SOUND_SQLITE, "{}", rusqlite::version());
}

#[test]
fn the_database_says_that_it_is_durable() {
    let folder = tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let expected = format!("SQLite {}, WAL, synchronous=FULL", rusqlite::version());
    assert_eq!(store.durability(), expected);
    let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
    let pragma =
        |name| conn.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(pragma("journal_mode"), "wal".to_owned().into());
    assert_eq!(pragma("auto_vacuum"), 2_i64.into(), "space can be given back later");
    assert_eq!(pragma("application_id"), i64::from(schema::APPLICATION_ID).into());
}

#[test]
fn a_restart_keeps_everything() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.configure("demo", 7, true);
    for state in [JobState::Completed, JobState::Failed, JobState::Cancelled] {
        yard.add_ended("demo", state);
    }
    let mut with_files = job("photos", "photo");
    with_files.inputs = vec![file("in.png", 'a')];
    let photo = yard.add_job(with_files);
    yard.claim("photos", 1);
    yard.finish_with(photo, 1, failed(&"e".repeat(900)), vec![file("out.png", 'b')]);
    yard.retry(photo);
    yard.claim("photos", 1);
    yard.report(photo, 2, 250);
    let last = yard.add_ended("demo", JobState::Completed);
    yard.clear(Some("demo"), i64::MAX, 1);

    let stored = yard.writer.load().unwrap();
    let rows = yard.all(&JobFilter::default());
    let details: Vec<_> = rows.iter().map(|row| yard.detail(row.id)).collect();
    drop(yard);

    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    assert_eq!(yard.writer.load().unwrap(), stored);
    assert_eq!(yard.all(&JobFilter::default()), rows);
    assert_eq!(rows.iter().map(|row| yard.detail(row.id)).collect::<Vec<_>>(), details);
    assert!(yard.finish(photo, 2, completed()).is_some());
    yard.clear(None, i64::MAX, 100);
    drop(yard);

    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    assert_eq!(yard.add("demo"), JobId(last.0 + 1), "ids are not used again, though all jobs are gone");
    yard.assert_counts_are_exact();
}

/// The files as a process leaves them that is killed between two commits.
#[test]
fn what_was_committed_is_there_after_the_process_was_killed() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    for commits in 1..=40 {
        yard.add(if commits % 2 == 0 { "demo" } else { "photos" });
        let killed = tempdir().unwrap();
        for name in ["taskyard.db", "taskyard.db-wal"] {
            fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
        }
        let mut found = TestYard::new(SqliteStore::open(killed.path()).unwrap(), ());
        assert_eq!(found.writer.load().unwrap(), yard.writer.load().unwrap());
        found.assert_counts_are_exact();
    }
}

#[test]
fn a_folder_is_used_by_one_process_at_a_time() {
    let folder = tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let refused = SqliteStore::open(folder.path()).err().expect("the folder is in use");
    assert!(matches!(refused, StoreError::InUse { .. }), "{refused:?}");
    let writer = store.writer().unwrap();
    drop(store);
    assert!(SqliteStore::open(folder.path()).is_err(), "the writer still uses it");
    drop(writer);
    assert!(SqliteStore::open(folder.path()).is_ok());
}

#[test]
fn the_folder_is_created_where_it_does_not_exist() {
    let folder = tempdir().unwrap();
    let nested = folder.path().join("a").join("b");
    SqliteStore::open(&nested).unwrap();
    assert!(nested.join("taskyard.db").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    for path in [file.join("data"), file] {
        let refused = SqliteStore::open(&path).err().expect("there can be no folder");
        assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
    }
    let taken = tempdir().unwrap();
    fs::create_dir(taken.path().join("taskyard.db")).unwrap();
    let refused = SqliteStore::open(taken.path()).err().expect("a folder is no data file");
    assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
}

#[test]
fn an_empty_file_is_a_first_start() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("taskyard.db"), "").unwrap();
    assert!(SqliteStore::open(folder.path()).is_ok());
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_not_changed() {
    let folder = tempdir().unwrap();
    drop(SqliteStore::open(folder.path()).unwrap());
    let path = folder.path().join("taskyard.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open(folder.path()).err().expect("it is newer");
    assert!(matches!(refused, StoreError::TooNew { found: 99, known: 4, .. }), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_failing_disk_is_told_apart_from_a_refused_operation() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.add("demo");
    let other = Connection::open(folder.path().join("taskyard.db")).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON job WHEN new.name = 'bad' \
             BEGIN SELECT raise(ABORT, 'no such job here'); END",
        )
        .unwrap();
    let insert = |name| WriteOp::Insert { jobs: vec![job("demo", name)], terms: AddTerms::default() };
    let refused = yard.try_apply(&[insert("good"), insert("bad")]);
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(yard.list(&top(SortOrder::Newest)).rows.len(), 1, "nothing of the batch was applied");
    other.execute_batch("DROP TABLE job_args").unwrap();
    let refused = yard.try_apply(&[insert("good")]);
    assert!(matches!(refused, Err(StoreError::Io(_))), "{refused:?}");
}

#[test]
fn pages_that_deleted_jobs_leave_unused_are_given_back_step_by_step() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.add_jobs((0..3_000).map(|number| job("demo", &format!("job {number}"))).collect());
    for id in yard.claim_ids("demo", 3_000) {
        yard.finish(id, 1, completed());
    }
    yard.clear(None, i64::MAX, 3_000);
    let pages = || -> u64 {
        let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
        conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap()
    };
    let before = pages();
    let tidy = |yard: &mut TestYard, free_pages| yard.apply(WriteOp::Tidy { limit: 10, free_pages });
    assert_eq!(tidy(&mut yard, 0), OpResult::Tidied { more: false }, "none is wanted");
    assert_eq!(pages(), before);
    assert_eq!(tidy(&mut yard, 5), OpResult::Tidied { more: true });
    assert_eq!(pages(), before - 5);
    assert_eq!(tidy(&mut yard, 10_000), OpResult::Tidied { more: false });
    assert!(pages() < before / 2, "{} of {before}", pages());
    yard.assert_counts_are_exact();
}

#[test]
fn a_plain_job_has_rows_in_no_other_table_than_its_own() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.run("demo");
    let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
    let tables: Vec<String> = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for table in tables {
        let rows: u64 =
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        let expected = u64::from(["yard", "queue", "job", "job_args"].contains(&table.as_str()));
        assert_eq!(rows, expected, "{table}");
    }
}

#[test]
fn the_views_for_people_know_every_state() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.set_limit(Limit { concurrency: Some(1), kind: Some("demo".to_owned()), ..limit("one") });
    let snoozed = yard.run("demo");
    yard.finish(snoozed, 1, AttemptEnd::Snoozed { until_ms: i64::MAX, reason: "not yet".to_owned() });
    let running = yard.run("demo");
    let held = yard.add("demo");
    yard.claim("demo", 1);
    let waiting = yard.add_job(after(&[running], OnFailure::Stop));
    let other = Connection::open(folder.path().join("taskyard.db")).unwrap();
    let row = |id: JobId| -> (String, Option<String>) {
        other
            .query_row("SELECT state, held_by FROM jobs WHERE id = ?1", [id.0], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap()
    };
    assert_eq!(row(snoozed), ("scheduled".to_owned(), None));
    assert_eq!(row(running), ("processing".to_owned(), None));
    assert_eq!(row(held), ("pending".to_owned(), Some("one".to_owned())));
    assert_eq!(row(waiting), ("waiting".to_owned(), None));
    let attempt: (String, String) = other
        .query_row("SELECT outcome, error FROM attempts WHERE job_id = ?1", [snoozed.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(attempt, ("snoozed".to_owned(), "not yet".to_owned()));
}

#[test]
fn the_views_for_people_agree_with_the_store() {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    let id = yard.run("demo");
    yard.finish(id, 1, failed("first"));
    assert!(matches!(yard.retry(id), OpResult::Retried(RetryResult::Retried(_))));
    yard.claim("demo", 1);
    yard.finish(id, 2, completed());
    let other = Connection::open(folder.path().join("taskyard.db")).unwrap();
    let row: (String, String, f64, String) = other
        .query_row("SELECT queue, state, progress_percent, result FROM jobs WHERE id = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .unwrap();
    assert_eq!(row, ("demo".to_owned(), "completed".to_owned(), 100.0, r#"{"rows":3}"#.to_owned()));
    let outcomes: Vec<String> = other
        .prepare("SELECT outcome FROM attempts WHERE job_id = 1 ORDER BY number")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(outcomes, ["failed", "completed"]);
}
