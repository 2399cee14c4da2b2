//! What jobs write while they run.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use taskyard_shared::job::JobId;
use taskyard_shared::log::LogLine;

use super::super::rows::{Flags, level_code};
use super::transaction::Transaction;

pub(super) const FLAGS: &str = "SELECT flags FROM job WHERE id = ?1";

impl Transaction<'_> {
    /// Keeps the lines of jobs that exist, and answers which those are.
    pub fn log(&mut self, lines: &[(JobId, LogLine)]) -> rusqlite::Result<Vec<(JobId, LogLine)>> {
        let mut exists = BTreeMap::new();
        let mut kept = Vec::with_capacity(lines.len());
        let mut insert = self.prepared(
            "INSERT OR IGNORE INTO log_line (job_id, attempt, number, at_ms, level, text) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for (id, line) in lines {
            let exists = match exists.get(id) {
                Some(exists) => *exists,
                None => *exists.entry(*id).or_insert(self.has_log_from_now_on(*id)?),
            };
            let LogLine { attempt, number, at_ms, level, text } = line;
            if exists && insert.execute(params![id.0, attempt, number, at_ms, level_code(*level), text])? > 0
            {
                kept.push((*id, line.clone()));
            }
        }
        self.changed |= !kept.is_empty();
        Ok(kept)
    }

    /// Answers whether the job exists.
    fn has_log_from_now_on(&mut self, id: JobId) -> rusqlite::Result<bool> {
        // A number that no job can have.
        let Ok(key) = i64::try_from(id.0) else { return Ok(false) };
        let flags = self.prepared(FLAGS)?.query_row([key], |row| row.get(0).map(Flags)).optional()?;
        if flags.is_some_and(|flags| !flags.has(Flags::LOGGED)) {
            self.mark(id, Flags::LOGGED)?;
        }
        Ok(flags.is_some())
    }
}
