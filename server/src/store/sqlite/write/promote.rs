//! Jobs whose time has come: scheduled ones, and those that a limit held back.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use taskyard_shared::job::JobState;

use super::super::rows::job_columns;
use super::transaction::{Row, Transaction, read_row};
use crate::limits::Admission;
use crate::store::ops::{Moved, PromoteResult};
use crate::store::{AT_ONCE_MS, RELEASE_RETRY_MS, transition};

pub(super) const DUE_JOBS: &str = concat!(
    "SELECT ",
    job_columns!(),
    ", flags, held_by FROM job INDEXED BY job_due WHERE state = 5 AND run_at_ms <= ?1 ORDER BY run_at_ms, id LIMIT ?2"
);
pub(super) const FIRST_DUE: &str = "SELECT run_at_ms FROM job INDEXED BY job_due \
     WHERE state = 5 AND run_at_ms >= ?1 ORDER BY run_at_ms LIMIT 1";
pub(super) const DUE_METERS: &str = "SELECT id FROM meter INDEXED BY meter_due WHERE due_at_ms <= ?1 \
     ORDER BY due_at_ms, id LIMIT ?2";
pub(super) const FIRST_DUE_METER: &str = "SELECT due_at_ms FROM meter INDEXED BY meter_due \
     WHERE due_at_ms >= ?1 ORDER BY due_at_ms LIMIT 1";

impl Transaction<'_> {
    pub fn promote(&mut self, limit: u32) -> rusqlite::Result<PromoteResult> {
        let mut result = PromoteResult { moved: self.promote_scheduled(limit)?, ..PromoteResult::default() };
        self.look_anew(limit)?;
        let mut queues = BTreeSet::new();
        let are_many = self.release_due(limit, &mut queues)?;
        result.released = self.names(queues)?;
        result.more = are_many || result.moved.len() == limit as usize || self.changed_limit()?.is_some();
        self.flush_meters()?;
        result.next_at_ms = self.next_due_at_ms()?;
        Ok(result)
    }

    /// When there is something to promote next.
    pub fn next_due_at_ms(&self) -> rusqlite::Result<Option<i64>> {
        let first = |sql| -> rusqlite::Result<Option<i64>> {
            self.prepared(sql)?.query_row([i64::MIN], |row| row.get(0)).optional()
        };
        if self.changed_limit()?.is_some() {
            return Ok(Some(AT_ONCE_MS));
        }
        let (job, meter) = (first(FIRST_DUE)?, first(FIRST_DUE_METER)?);
        Ok(job.into_iter().chain(meter).min())
    }

    fn promote_scheduled(&mut self, limit: u32) -> rusqlite::Result<Vec<Moved>> {
        let due: Vec<Row> = self
            .prepared(DUE_JOBS)?
            .query_map(params![self.now_ms, limit], |row| read_row(row, &self.standing))?
            .collect::<rusqlite::Result<_>>()?;
        let mut moved = Vec::with_capacity(due.len());
        for mut row in due {
            if transition::promote(&mut row.job, self.now_ms) {
                self.change(&mut row, JobState::Scheduled)?;
                moved.push(Moved { job: Arc::new(row.job), from: JobState::Scheduled });
            }
        }
        Ok(moved)
    }

    /// Looks at up to `limit` meters whose time has come, and releases so many jobs at most. Answers whether there may
    /// be more.
    fn release_due(&mut self, limit: u32, queues: &mut BTreeSet<i64>) -> rusqlite::Result<bool> {
        self.flush_meters()?;
        let due: Vec<i64> = self
            .prepared(DUE_METERS)?
            .query_map(params![self.now_ms, limit], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let are_many = due.len() == limit as usize;
        let mut left = limit;
        for meter in due {
            left -= self.release_admitted(meter, left, queues)?;
            if left == 0 {
                break;
            }
        }
        Ok(are_many || left == 0)
    }

    /// Releases as many as the meter's limit admits, but at most `most`. Answers how many.
    fn release_admitted(
        &mut self,
        meter: i64,
        most: u32,
        queues: &mut BTreeSet<i64>,
    ) -> rusqlite::Result<u32> {
        let Some(known) = self.meters.of_id(self.conn, meter)? else { return Ok(0) };
        // Whatever a limit held back that there is no more, and jobs of a kind that may have a worker by now.
        let (free, admission) = match self.standing.limits.rule(known.limit) {
            None => (u32::MAX, Admission::Free),
            Some(limit) => (known.uses.free(&limit, self.now_ms), known.uses.admits(&limit, self.now_ms)),
        };
        let (wanted, held) = (free.min(known.held), known.held);
        let released = self.release(meter, wanted.min(most), queues)?;
        let Some(known) = self.meters.of_id(self.conn, meter)? else { return Ok(released) };
        known.set_due(match admission {
            _ if released == held => None,
            _ if released < wanted => Some(self.now_ms),
            Admission::Free => Some(self.now_ms + RELEASE_RETRY_MS),
            Admission::NotBefore { at_ms } => Some(at_ms),
            Admission::Full => None,
        });
        Ok(released)
    }
}
