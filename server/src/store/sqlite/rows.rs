//! How jobs and files lie in rows.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Error, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{
    Dependency, DependencyState, FileRef, JobId, JobOptions, JobState, JobSummary, Progress,
};
use taskyard_shared::log::LogLevel;
use taskyard_shared::queue::StateCounts;

/// The columns that [`summary`] reads, for every `SELECT` that feeds it: a literal, so that `concat!` takes it.
macro_rules! job_columns {
    () => {
        "id, queue_id, kind, name, detail, state, progress, attempt, created_at_ms, started_at_ms, \
         finished_at_ms, error, failures, max_attempts, priority, batch_id, run_at_ms"
    };
}
pub(super) use job_columns;

/// How many columns [`job_columns`] has: what a statement selects besides follows them.
pub(super) const JOB_COLUMNS: usize = 17;

/// One job's row.
pub(super) const ROW: &str = concat!("SELECT ", job_columns!(), " FROM job WHERE id = ?1");

/// The next lower priority among a queue's jobs in a state.
pub(super) const NEXT_PRIORITY: &str = "SELECT priority FROM job INDEXED BY job_by_state \
     WHERE queue_id = ?1 AND state = ?2 AND priority < ?3 ORDER BY priority DESC LIMIT 1";
/// Above every priority.
pub(super) const ABOVE_ALL_PRIORITIES: i64 = i16::MAX as i64 + 1;

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
        failures: row.get(12)?,
        max_attempts: row.get(13)?,
        priority: row.get(14)?,
        batch: row.get::<_, Option<u64>>(15)?.map(BatchId),
        run_at_ms: row.get(16)?,
    })
}

/// The code of a job that is pending, but held back.
pub(super) const HELD_BACK: i64 = 7;

/// A state as the column `state` has it.
pub(super) const fn state_code(state: JobState) -> i64 {
    match state {
        JobState::Pending => 0,
        JobState::Processing => 1,
        JobState::Completed => 2,
        JobState::Failed => 3,
        JobState::Cancelled => 4,
        JobState::Scheduled => 5,
        JobState::Waiting => 6,
    }
}

/// Every code under which jobs of a state may lie.
pub(super) const fn state_codes(state: JobState) -> &'static [i64] {
    match state {
        JobState::Pending => &[0, HELD_BACK],
        JobState::Processing => &[1],
        JobState::Completed => &[2],
        JobState::Failed => &[3],
        JobState::Cancelled => &[4],
        JobState::Scheduled => &[5],
        JobState::Waiting => &[6],
    }
}

pub(super) fn state(code: i64) -> rusqlite::Result<JobState> {
    Ok(match code {
        0 | HELD_BACK => JobState::Pending,
        1 => JobState::Processing,
        2 => JobState::Completed,
        3 => JobState::Failed,
        4 => JobState::Cancelled,
        5 => JobState::Scheduled,
        6 => JobState::Waiting,
        _ => return Err(unknown_code(code)),
    })
}

/// A code that this program does not know, found in the file.
pub(super) fn unknown_code(code: i64) -> Error {
    Error::FromSqlConversionFailure(0, Type::Integer, Box::new(FromSqlError::OutOfRange(code)))
}

/// Which of the side tables have rows for a job: the column `flags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(pub i64);

impl Flags {
    /// Others wait for it, or did.
    pub const HAS_DEPENDENTS: i64 = 1;
    /// It waits for others, or did.
    pub const HAS_DEPENDENCIES: i64 = 2;
    /// Its latest attempt counts towards limits.
    pub const LIMITED: i64 = 4;
    pub const TAKES_RESULTS: i64 = 8;
    pub const UNIQUE: i64 = 16;
    pub const LOGGED: i64 = 32;

    pub const fn has(self, flag: i64) -> bool {
        self.0 & flag != 0
    }

    pub fn set(&mut self, flag: i64, to: bool) {
        self.0 = if to { self.0 | flag } else { self.0 & !flag };
    }
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

/// The state of a dependency as its column has it.
pub(super) const fn dependency_code(state: DependencyState) -> i64 {
    match state {
        DependencyState::Open => 0,
        DependencyState::Blocked => 1,
        DependencyState::Met => 2,
    }
}

/// A row of the other job's number and the state.
pub(super) fn dependency(row: &Row<'_>) -> rusqlite::Result<Dependency> {
    let state = match row.get(1)? {
        0 => DependencyState::Open,
        1 => DependencyState::Blocked,
        2 => DependencyState::Met,
        code => return Err(unknown_code(code)),
    };
    Ok(Dependency { job: JobId(row.get(0)?), state })
}

/// The counts of a queue, from the column `at` on.
pub(super) fn counts(row: &Row<'_>, at: usize) -> rusqlite::Result<StateCounts> {
    Ok(StateCounts {
        pending: row.get(at)?,
        processing: row.get(at + 1)?,
        completed: row.get(at + 2)?,
        failed: row.get(at + 3)?,
        cancelled: row.get(at + 4)?,
        scheduled: row.get(at + 5)?,
        waiting: row.get(at + 6)?,
    })
}

/// The level of a log line as its column has it.
pub(super) const fn level_code(level: LogLevel) -> i64 {
    match level {
        LogLevel::Debug => 0,
        LogLevel::Info => 1,
        LogLevel::Warn => 2,
        LogLevel::Error => 3,
    }
}

pub(super) fn level(code: i64) -> rusqlite::Result<LogLevel> {
    Ok(match code {
        0 => LogLevel::Debug,
        1 => LogLevel::Info,
        2 => LogLevel::Warn,
        3 => LogLevel::Error,
        _ => return Err(unknown_code(code)),
    })
}

/// Options as their column has them: null where they are the defaults, as they mostly are.
pub(super) fn options_text(options: &JobOptions) -> rusqlite::Result<Option<String>> {
    if *options == JobOptions::default() { Ok(None) } else { to_json(options).map(Some) }
}

pub(super) fn options(text: Option<String>) -> rusqlite::Result<JobOptions> {
    text.map_or_else(|| Ok(JobOptions::default()), |text| from_json(&text))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
