//! Files that a bad disk or another program left: refused, and not made worse.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use taskyard_shared::job::JobId;
use taskyard_shared::view::SortOrder;
use tempfile::{TempDir, tempdir};

use super::super::{SqliteStore, open};
use crate::store::conformance::TestYard;
use crate::store::conformance::yard::{job, top};
use crate::store::ops::WriteOp;
use crate::store::{Store, StoreError};

const PAGE: usize = 4096;

/// A closed data folder with many jobs in it, and its file.
fn with_jobs() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    let jobs = (0..2_000).map(|number| job("demo", &format!("job {number}"))).collect();
    yard.add_jobs(jobs);
    drop(yard);
    let file = folder.path().join("taskyard.db");
    (folder, file)
}

fn assert_refused_unchanged(folder: &Path, file: &Path) {
    let before = fs::read(file).unwrap();
    let refused = SqliteStore::open(folder).err().expect("the file is damaged");
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    assert!(refused.to_string().contains("nothing was changed"), "{refused}");
    assert!(fs::read(file).unwrap() == before, "the file was changed");
}

/// Damages a page of the table of jobs, as a bad disk would.
fn flip_a_page_of_jobs(file: &Path) {
    let conn = Connection::open(file).unwrap();
    let page: usize = conn
        .query_row(
            "SELECT pageno FROM dbstat WHERE name = 'job' AND pagetype = 'leaf' ORDER BY pageno LIMIT 1 OFFSET 5",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(conn);
    let mut bytes = fs::read(file).unwrap();
    for byte in &mut bytes[(page - 1) * PAGE..page * PAGE] {
        *byte = !*byte;
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("taskyard.db");
    fs::write(&file, "not a database, but long enough to be one. ".repeat(500)).unwrap();
    assert_refused_unchanged(folder.path(), &file);
    fs::write(&file, "short").unwrap();
    assert_refused_unchanged(folder.path(), &file);
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("taskyard.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    assert_refused_unchanged(folder.path(), &file);
}

#[test]
fn a_truncated_file_is_refused() {
    let (folder, file) = with_jobs();
    let bytes = fs::read(&file).unwrap();
    for kept in [bytes.len() / 2, bytes.len() - PAGE, bytes.len() - 1, PAGE, 100] {
        fs::write(&file, &bytes[..kept]).unwrap();
        assert_refused_unchanged(folder.path(), &file);
    }
    fs::write(&file, &bytes).unwrap();
    assert!(SqliteStore::open(folder.path()).is_ok(), "whole again");
}

#[test]
fn a_damaged_page_is_found_at_the_start() {
    let (folder, file) = with_jobs();
    flip_a_page_of_jobs(&file);
    assert_refused_unchanged(folder.path(), &file);
}

#[test]
fn damage_in_a_file_too_large_to_check_is_found_when_it_is_read() {
    let (folder, file) = with_jobs();
    flip_a_page_of_jobs(&file);
    let store = open::open(folder.path(), 0).unwrap();
    let reader = store.reader();
    let mut query = top(SortOrder::Oldest);
    query.limit = 500;
    query.filter.text = "not there".to_owned();
    let refused = reader.list(&query);
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
    let mut writer = store.writer().unwrap();
    let claim = WriteOp::Claim { queue: "demo".into(), limit: 2_000, oldest: 0, kinds: None };
    let refused = writer.apply(&[claim], 1);
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })), "{refused:?}");
    assert!(reader.job(JobId(1)).unwrap().is_some(), "what is sound can still be read");
    assert_eq!(writer.load().unwrap().processing.len(), 0, "the claim was taken back");
}
