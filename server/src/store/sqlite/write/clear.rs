//! Deleting finished jobs, and all that belongs to them.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{Row as SqlRow, params};
use taskyard_shared::job::{JobId, JobState};

use super::super::rows::{Flags, state_code};
use super::transaction::Transaction;
use crate::store::endings::Ending;
use crate::store::ops::{ClearedGroup, DeleteResult, OpResult};

/// A queue's finished jobs of a state whose results nobody waits for, first finished first.
pub(super) const FINISHED: &str = "SELECT id, flags, batch_id FROM job INDEXED BY job_by_end \
     WHERE queue_id = ?1 AND state = ?2 AND finished_at_ms <= ?3 AND result_wanted = 0 \
     ORDER BY finished_at_ms, id LIMIT ?4";
pub(super) const DOOMED: &str = "SELECT id, flags, batch_id FROM job WHERE id = ?1";

/// Everything that is kept of a job, in an order in which each still finds what it looks at.
pub(super) const DELETES: [&str; 5] = [
    "DELETE FROM file WHERE job_id = ?1",
    "DELETE FROM past_attempt WHERE job_id = ?1",
    "DELETE FROM job_output WHERE job_id = ?1",
    "DELETE FROM job_args WHERE job_id = ?1",
    "DELETE FROM job WHERE id = ?1",
];
/// What few jobs have, each with its flag.
pub(super) const FLAGGED_DELETES: [(i64, &str); 4] = [
    (Flags::HAS_DEPENDENCIES, "DELETE FROM dependency WHERE job_id = ?1"),
    (Flags::HAS_DEPENDENCIES, "DELETE FROM job_wait WHERE job_id = ?1"),
    (Flags::LOGGED, "DELETE FROM log_line WHERE job_id = ?1"),
    (
        Flags::UNIQUE,
        "DELETE FROM unique_key WHERE job_id = ?1 \
         AND key = (SELECT options ->> '$.unique_key' FROM job_args WHERE job_id = ?1)",
    ),
];
pub(super) const EMPTY_BATCH: &str = "UPDATE batch SET is_empty = 1 WHERE id = ?1 \
     AND NOT EXISTS (SELECT 1 FROM job INDEXED BY job_by_batch WHERE batch_id = ?1)";

const FINAL_STATES: [JobState; 3] = [JobState::Completed, JobState::Failed, JobState::Cancelled];

/// A job that is about to be deleted.
struct Doomed {
    id: JobId,
    flags: Flags,
    batch: Option<i64>,
}

impl Doomed {
    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Doomed> {
        Ok(Doomed { id: JobId(row.get(0)?), flags: Flags(row.get(1)?), batch: row.get(2)? })
    }
}

impl Transaction<'_> {
    pub fn clear(
        &mut self,
        queue: Option<&str>,
        state: Option<JobState>,
        finished_by_ms: i64,
        limit: u32,
    ) -> rusqlite::Result<OpResult> {
        let queues = match queue {
            Some(name) => self.known_queue(name).into_iter().collect(),
            None => self.standing.all(),
        };
        let (mut groups, mut resolves) = (Vec::new(), false);
        let mut left = limit as usize;
        for (id, name) in queues {
            for state in FINAL_STATES.into_iter().filter(|of| state.is_none_or(|wanted| wanted == *of)) {
                if left == 0 || self.standing.counts_of(id)[state] == 0 {
                    continue;
                }
                let doomed: Vec<Doomed> = self
                    .prepared(FINISHED)?
                    .query_map(params![id, state_code(state), finished_by_ms, left], Doomed::read)?
                    .collect::<rusqlite::Result<_>>()?;
                if !doomed.is_empty() {
                    left -= doomed.len();
                    groups.push(self.delete_group(id, &name, state, &doomed, &mut resolves)?);
                }
            }
        }
        Ok(OpResult::Cleared { groups, more: left == 0, resolves })
    }

    pub fn delete(&mut self, id: JobId) -> rusqlite::Result<DeleteResult> {
        let Some(row) = self.row(id)? else { return Ok(DeleteResult::NotFound) };
        let state = row.job.state;
        if !state.is_finished() {
            return Ok(DeleteResult::WrongState(state));
        }
        let doomed = self.prepared(DOOMED)?.query_row([id.0], Doomed::read)?;
        let queue: Arc<str> = row.job.queue.into();
        let mut resolves = false;
        let group = self.delete_group(row.queue, &queue, state, &[doomed], &mut resolves)?;
        Ok(DeleteResult::Deleted { group, resolves })
    }

    fn delete_group(
        &mut self,
        queue: i64,
        name: &Arc<str>,
        state: JobState,
        doomed: &[Doomed],
        resolves: &mut bool,
    ) -> rusqlite::Result<ClearedGroup> {
        self.delete_flagged(doomed, resolves)?;
        for sql in DELETES {
            let mut delete = self.prepared(sql)?;
            for job in doomed {
                delete.execute([job.id.0])?;
            }
        }
        let batches: BTreeSet<i64> = doomed.iter().filter_map(|job| job.batch).collect();
        for batch in batches {
            self.prepared(EMPTY_BATCH)?.execute([batch])?;
        }
        self.standing.counts(queue)?[state] -= doomed.len() as u64;
        self.changed = true;
        let mut ids: Vec<JobId> = doomed.iter().map(|job| job.id).collect();
        ids.sort_unstable();
        Ok(ClearedGroup { queue: Arc::clone(name), state, ids })
    }

    /// What only jobs with a flag have. What an attempt took of limits stays until its work has ended.
    fn delete_flagged(&mut self, doomed: &[Doomed], resolves: &mut bool) -> rusqlite::Result<()> {
        for job in doomed.iter().filter(|job| job.flags != Flags::default()) {
            for (flag, sql) in FLAGGED_DELETES {
                if job.flags.has(flag) {
                    self.prepared(sql)?.execute([job.id.0])?;
                }
            }
            if job.flags.has(Flags::HAS_DEPENDENTS) {
                *resolves |= self.tell(job.id, Ending::Deleted)?;
            }
        }
        Ok(())
    }
}
