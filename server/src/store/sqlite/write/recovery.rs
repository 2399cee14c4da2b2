//! What a process finds at work when it starts was run by one that died.

use std::collections::HashMap;

use rusqlite::params;
use taskyard_shared::job::JobState;

use super::super::rows::Flags;
use super::limits::Sums;
use super::meters::NO_WORKER;
use super::outcome::outcome_code;
use super::transaction::Transaction;
use crate::store::transition::{self, ArchivedOutcome};

/// Counts within one job's attempts, of which only the newest are kept.
pub(super) const LOSSES: &str = "SELECT COUNT(*) FROM past_attempt WHERE job_id = ?1 AND outcome = ?2";

pub(super) const COUNT_METERS: &str = "SELECT limit_id, count(*), sum(held) FROM meter INDEXED BY meter_holding \
     WHERE limit_id > ?1 AND held > 0 GROUP BY limit_id";

impl Transaction<'_> {
    pub fn recover_lost(&mut self, max_losses: u32) -> rusqlite::Result<u64> {
        self.nothing_is_at_work()?;
        let mut recovered = 0;
        for running in self.all_processing()? {
            let Some(mut row) = self.row(running.job.id)? else { continue };
            self.archive(&row, self.now_ms, ArchivedOutcome::Lost, None)?;
            let losses = self.losses(row.job.id.0)?;
            if let Some(error) = transition::lose(&mut row.job, losses, max_losses, self.now_ms) {
                self.keep(row.job.id, None, Some(&error))?;
            }
            row.flags.set(Flags::LIMITED, false);
            self.change(&mut row, JobState::Processing)?;
            self.tell_end(&row)?;
            recovered += 1;
        }
        Ok(recovered)
    }

    /// No meter counts work any more, and whatever is held back is looked at anew: its limit may admit it now, and
    /// this process may have a worker for it.
    fn nothing_is_at_work(&mut self) -> rusqlite::Result<()> {
        self.flush_meters()?;
        let forgotten = self.conn.execute("DELETE FROM job_meter", [])?;
        self.conn.execute("UPDATE meter SET running = 0 WHERE running > 0", [])?;
        self.conn.execute("UPDATE meter SET due_at_ms = ?1 WHERE held > 0", [self.now_ms])?;
        let counted: HashMap<i64, Sums> = self
            .prepared(COUNT_METERS)?
            .query_map([NO_WORKER], |row| {
                Ok((row.get(0)?, Sums { keys: row.get(1)?, running: 0, held: row.get(2)? }))
            })?
            .collect::<rusqlite::Result<_>>()?;
        self.standing.limits.recounted(|id| counted.get(&id).copied().unwrap_or_default());
        self.changed |= forgotten > 0;
        Ok(())
    }

    fn losses(&self, id: u64) -> rusqlite::Result<u32> {
        self.prepared(LOSSES)?.query_row(params![id, outcome_code(ArchivedOutcome::Lost)], |row| row.get(0))
    }
}
