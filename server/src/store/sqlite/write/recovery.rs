//! What a process finds at work when it starts was run by one that died.

use rusqlite::params;
use taskyard_shared::job::JobState;

use super::outcome::outcome_code;
use super::transaction::Transaction;
use crate::store::transition::{self, ArchivedOutcome};

/// Counts within one job's attempts, of which only the newest are kept.
pub(super) const LOSSES: &str = "SELECT COUNT(*) FROM past_attempt WHERE job_id = ?1 AND outcome = ?2";

impl Transaction<'_> {
    pub fn recover_lost(&mut self, max_losses: u32) -> rusqlite::Result<u64> {
        let mut recovered = 0;
        for running in self.all_processing()? {
            let Some((mut job, queue)) = self.row(running.job.id)? else { continue };
            self.archive(&job, self.now_ms, ArchivedOutcome::Lost, None)?;
            let losses = self.losses(job.id.0)?;
            if let Some(error) = transition::lose(&mut job, losses, max_losses, self.now_ms) {
                self.keep(job.id, None, Some(&error))?;
            }
            self.change(&job, queue, JobState::Processing)?;
            recovered += 1;
        }
        Ok(recovered)
    }

    fn losses(&self, id: u64) -> rusqlite::Result<u32> {
        self.prepared(LOSSES)?.query_row(params![id, outcome_code(ArchivedOutcome::Lost)], |row| row.get(0))
    }
}
