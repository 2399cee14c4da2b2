//! Files that an earlier version wrote: they are brought up to date, and nothing of them is lost.

use rusqlite::Connection;
use taskyard_shared::job::{JobId, JobOptions, JobState};
use taskyard_shared::queue::Retention;
use taskyard_shared::view::JobFilter;
use tempfile::{TempDir, tempdir};

use super::super::SqliteStore;
use crate::store::conformance::TestYard;
use crate::store::conformance::yard::{completed, job};

/// What schema 1 left, with a job in each of its states.
fn written_by_schema_1() -> TempDir {
    let folder = tempdir().unwrap();
    let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
    conn.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
    conn.execute_batch(
        r#"
        INSERT INTO queue (id, name, concurrency, paused, pending, processing, completed, failed, cancelled)
            VALUES (1, 'demo', 4, 1, 1, 1, 1, 1, 1);
        INSERT INTO job (id, queue_id, state, progress, attempt, created_at_ms, started_at_ms, finished_at_ms,
                has_inputs, kind, name, detail, error)
            VALUES (1, 1, 2, 1000, 1, 10, 20, 30, 0, 'demo', 'one', '', NULL),
                   (2, 1, 3, 500, 1, 10, 20, 31, 0, 'demo', 'two', '', 'it broke'),
                   (3, 1, 4, 0, 0, 10, NULL, 32, 0, 'demo', 'three', '', NULL),
                   (4, 1, 1, 100, 1, 10, 20, NULL, 0, 'demo', 'four', '', NULL),
                   (5, 1, 0, 0, 0, 10, NULL, NULL, 0, 'demo', 'five', '', NULL);
        INSERT INTO job_args (job_id, args) SELECT id, '{}' FROM job;
        UPDATE yard SET commit_seq = 9, last_job_id = 5;
        "#,
    )
    .unwrap();
    conn.pragma_update(None, "application_id", super::super::schema::APPLICATION_ID).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    folder
}

#[test]
fn a_file_of_schema_1_keeps_its_jobs_and_goes_on() {
    let folder = written_by_schema_1();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    yard.assert_counts_are_exact();
    let stored = yard.writer.load().unwrap();
    let settings = &stored.queues[0].settings;
    assert_eq!((settings.concurrency, settings.paused, settings.draining), (4, true, false));
    assert_eq!(settings.retention, Retention::default());
    assert_eq!(stored.processing.len(), 1);
    let states: Vec<_> = yard.all(&JobFilter::default()).iter().map(|row| row.state).collect();
    assert_eq!(
        states,
        [JobState::Pending, JobState::Processing, JobState::Cancelled, JobState::Failed, JobState::Completed]
    );
    let detail = yard.detail(JobId(2));
    assert_eq!((detail.options, detail.job.priority, detail.job.failures), (JobOptions::default(), 0, 0));
    assert_eq!(detail.error.as_deref(), Some("it broke"));

    assert_eq!(yard.add("demo"), JobId(6));
    assert!(yard.finish(JobId(4), 1, completed()).is_some());
    let mut urgent = job("demo", "urgent");
    urgent.priority = 5;
    let urgent = yard.add_job(urgent);
    assert_eq!(yard.claim_ids("demo", 2), [urgent, JobId(5)]);
    yard.retry(JobId(2));
    yard.clear(None, i64::MAX, 100);
    yard.assert_counts_are_exact();
}

#[test]
fn a_file_is_migrated_once() {
    let folder = written_by_schema_1();
    drop(SqliteStore::open(folder.path()).unwrap());
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    assert_eq!(yard.writer.load().unwrap().commit.0, 9, "to migrate is no commit of the yard");
}

/// What schema 2 left: a job that takes up the result of another one, and a schedule whose job is given a file.
fn written_by_schema_2() -> TempDir {
    let folder = written_by_schema_1();
    let conn = Connection::open(folder.path().join("taskyard.db")).unwrap();
    conn.execute_batch(include_str!("../migrations/0002_production.sql")).unwrap();
    conn.execute_batch(
        r#"
        UPDATE job SET flags = 1 WHERE id = 1;
        UPDATE job SET flags = 2 | 8 WHERE id = 5;
        INSERT INTO dependency (job_id, on_job_id, state) VALUES (5, 1, 2);
        INSERT INTO job_wait (job_id, unmet) VALUES (5, 0);
        INSERT INTO schedule (name, status, job) VALUES ('daily', '{}',
            '{"inputs":[{"name":"in","sha256":"aa","bytes":1,"media_type":"image/png"}]}');
        "#,
    )
    .unwrap();
    conn.pragma_update(None, "user_version", 2).unwrap();
    folder
}

#[test]
fn a_file_of_schema_2_knows_what_is_still_needed() {
    let folder = written_by_schema_2();
    let mut yard = TestYard::new(SqliteStore::open(folder.path()).unwrap(), ());
    assert_eq!(yard.clear(None, i64::MAX, 100).0, [2, 3], "the result of 1 is still to be taken up");
    yard.cancel(JobId(5));
    assert_eq!(yard.clear(None, i64::MAX, 100).0, [1, 5]);
    assert_eq!(yard.reader.unreferenced(&["aa".to_owned(), "bb".to_owned()]).unwrap(), ["bb"]);
}
