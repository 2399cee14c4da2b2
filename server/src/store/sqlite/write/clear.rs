//! Deleting finished jobs, and all that belongs to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::params;
use taskyard_shared::job::{JobId, JobState};

use super::super::rows;
use super::transaction::Transaction;
use crate::store::ops::{ClearedGroup, OpResult};

/// A queue's finished jobs, first finished first.
pub(super) const FINISHED: &str = "SELECT id, state FROM job INDEXED BY job_by_end \
     WHERE queue_id = ?1 AND finished_at_ms <= ?2 ORDER BY finished_at_ms, id LIMIT ?3";

/// Everything that is kept of a job.
pub(super) const DELETES: [&str; 5] = [
    "DELETE FROM file WHERE job_id = ?1",
    "DELETE FROM past_attempt WHERE job_id = ?1",
    "DELETE FROM job_output WHERE job_id = ?1",
    "DELETE FROM job_args WHERE job_id = ?1",
    "DELETE FROM job WHERE id = ?1",
];

impl Transaction<'_> {
    pub fn clear(
        &mut self,
        queue: Option<&str>,
        finished_by_ms: i64,
        limit: u32,
    ) -> rusqlite::Result<OpResult> {
        let queues = match queue {
            Some(name) => self.known_queue(name).into_iter().collect(),
            None => self.standing.all(),
        };
        let mut groups = Vec::new();
        let mut left = limit as usize;
        for (id, name) in queues {
            let by_state = self.finished(id, finished_by_ms, left)?;
            for (state, mut ids) in by_state {
                ids.sort_unstable();
                self.delete(&ids)?;
                left -= ids.len();
                self.standing.counts(id)?[state] -= ids.len() as u64;
                groups.push(ClearedGroup { queue: Arc::clone(&name), state, ids });
            }
        }
        self.changed |= !groups.is_empty();
        Ok(OpResult::Cleared { groups, more: left == 0 })
    }

    fn finished(
        &self,
        queue: i64,
        finished_by_ms: i64,
        limit: usize,
    ) -> rusqlite::Result<BTreeMap<JobState, Vec<JobId>>> {
        let mut by_state = BTreeMap::<JobState, Vec<JobId>>::new();
        let mut select = self.prepared(FINISHED)?;
        let mut found = select.query(params![queue, finished_by_ms, limit])?;
        while let Some(row) = found.next()? {
            by_state.entry(rows::state(row.get(1)?)?).or_default().push(JobId(row.get(0)?));
        }
        Ok(by_state)
    }

    fn delete(&self, ids: &[JobId]) -> rusqlite::Result<()> {
        for sql in DELETES {
            let mut delete = self.prepared(sql)?;
            for id in ids {
                delete.execute([id.0])?;
            }
        }
        Ok(())
    }
}
