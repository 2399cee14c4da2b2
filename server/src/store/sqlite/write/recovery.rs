//! What a process finds at work when it starts was run by one that died.

use std::collections::BTreeSet;

use rusqlite::params;
use taskyard_shared::job::JobState;

use super::super::rows::Flags;
use super::outcome::outcome_code;
use super::transaction::Transaction;
use crate::store::transition::{self, ArchivedOutcome};

/// Counts within one job's attempts, of which only the newest are kept.
pub(super) const LOSSES: &str = "SELECT COUNT(*) FROM past_attempt WHERE job_id = ?1 AND outcome = ?2";

/// Looks at the attempts that count towards limits, which are those that were at work and a few more.
pub(super) const COUNTED: &str = "SELECT meter_id FROM job_meter";

impl Transaction<'_> {
    pub fn recover_lost(&mut self, max_losses: u32) -> rusqlite::Result<u64> {
        self.nothing_is_at_work()?;
        let mut recovered = 0;
        for running in self.all_processing()? {
            let Some(mut row) = self.row(running.job.id)? else { continue };
            self.archive(&row, self.now_ms, ArchivedOutcome::Lost, None)?;
            let losses = self.losses(row.job.id.0)?;
            if let Some(error) = transition::lose(&mut row.job, losses, max_losses, self.now_ms) {
                self.keep(row.job.id, None, Some(&error), None)?;
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
        let counted: BTreeSet<i64> =
            self.prepared(COUNTED)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        self.changed |= !counted.is_empty();
        for id in counted {
            if let Some(meter) = self.meters.of_id(self.conn, id)? {
                meter.nothing_runs();
            }
        }
        self.conn.execute("DELETE FROM job_meter", [])?;
        self.flush_meters()?;
        self.all_limits_changed()
    }

    fn losses(&self, id: u64) -> rusqlite::Result<u32> {
        self.prepared(LOSSES)?.query_row(params![id, outcome_code(ArchivedOutcome::Lost)], |row| row.get(0))
    }
}
