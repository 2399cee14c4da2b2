//! How jobs and files lie in rows.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Error, Row};
use taskyard_shared::job::{FileRef, JobId, JobState, JobSummary, Progress};

/// The columns that [`summary`] reads, for every `SELECT` that feeds it: a literal, so that `concat!` takes it.
macro_rules! job_columns {
    () => {
        "id, queue_id, kind, name, detail, state, progress, attempt, \
         created_at_ms, started_at_ms, finished_at_ms, error"
    };
}
pub(super) use job_columns;

/// How many columns [`job_columns`] has: what a statement selects besides follows them.
pub(super) const JOB_COLUMNS: usize = 12;

/// One job's row.
pub(super) const ROW: &str = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1");

/// A job's queue as its row has it.
pub(super) fn queue_id(row: &Row<'_>) -> rusqlite::Result<i64> {
    row.get(1)
}

/// A row of [`job_columns`].
pub(super) fn summary(row: &Row<'_>, queue: &str) -> rusqlite::Result<JobSummary> {
    Ok(JobSummary {
        id: JobId(row.get(0)?),
        kind: row.get(2)?,
        queue: queue.to_owned(),
        name: row.get(3)?,
        detail: row.get(4)?,
        state: state(row.get(5)?)?,
        progress: Progress::from_thousandths(row.get(6)?),
        attempt: row.get(7)?,
        created_at_ms: row.get(8)?,
        started_at_ms: row.get(9)?,
        finished_at_ms: row.get(10)?,
        error: row.get(11)?,
    })
}

/// A state as the column `state` has it.
pub(super) const fn state_code(state: JobState) -> i64 {
    match state {
        JobState::Pending => 0,
        JobState::Processing => 1,
        JobState::Completed => 2,
        JobState::Failed => 3,
        JobState::Cancelled => 4,
    }
}

pub(super) fn state(code: i64) -> rusqlite::Result<JobState> {
    JobState::ALL.into_iter().find(|state| state_code(*state) == code).ok_or_else(|| unknown_code(code))
}

/// A code that this program does not know, found in the file.
pub(super) fn unknown_code(code: i64) -> Error {
    Error::FromSqlConversionFailure(0, Type::Integer, Box::new(FromSqlError::OutOfRange(code)))
}

/// Whether a file was given to the job, or made by it: the column `role`.
#[derive(Clone, Copy)]
pub(super) enum FileRole {
    Input = 0,
    Artifact = 1,
}

/// A row of `name, sha256, bytes, media_type`.
pub(super) fn file(row: &Row<'_>) -> rusqlite::Result<FileRef> {
    Ok(FileRef { name: row.get(0)?, sha256: row.get(1)?, bytes: row.get(2)?, media_type: row.get(3)? })
}

/// A job's files of a role, by name.
pub(super) const FILES: &str =
    "SELECT name, sha256, bytes, media_type FROM file WHERE job_id = ?1 AND role = ?2 ORDER BY name";
