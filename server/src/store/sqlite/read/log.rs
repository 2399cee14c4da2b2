//! What a job wrote while it ran.

use rusqlite::{Row, params};
use taskyard_shared::job::JobId;
use taskyard_shared::log::LogLine;

use super::super::rows;
use super::Snapshot;
use crate::store::LogPage;

pub(super) const NEWEST: &str = "SELECT attempt, number, at_ms, level, text FROM log_line WHERE job_id = ?1 \
     AND attempt BETWEEN ?3 AND ?4 ORDER BY attempt DESC, number DESC LIMIT ?2";

impl Snapshot<'_> {
    /// The newest lines, of all attempts or of one, oldest first.
    pub fn log(&self, id: JobId, attempt: Option<u32>, limit: u32) -> rusqlite::Result<LogPage> {
        let (first, last) = attempt.map_or((0, u32::MAX), |attempt| (attempt, attempt));
        let mut lines: Vec<LogLine> = match i64::try_from(id.0) {
            Ok(id) => self
                .conn
                .prepare_cached(NEWEST)?
                .query_map(params![id, limit, first, last], line)?
                .collect::<rusqlite::Result<_>>()?,
            // A number that no job can have.
            Err(_) => Vec::new(),
        };
        lines.reverse();
        Ok(LogPage { lines, as_of: self.as_of })
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<LogLine> {
    Ok(LogLine {
        attempt: row.get(0)?,
        number: row.get(1)?,
        at_ms: row.get(2)?,
        level: rows::level(row.get(3)?)?,
        text: row.get(4)?,
    })
}
