//! Claims: the lowest pending ids of a queue become its running jobs.

use std::sync::Arc;

use rusqlite::params;
use taskyard_shared::job::{FileRef, JobState, JobSummary};

use super::super::rows::{self, FileRole, JOB_COLUMNS, job_columns, state_code};
use super::transaction::Transaction;
use crate::store::ops::ClaimedJob;
use crate::store::transition;

/// A queue's jobs in a state, lowest id first, with what a worker needs.
pub(super) const IN_STATE: &str = concat!(
    "SELECT ",
    job_columns!(),
    ", has_inputs, args FROM job INDEXED BY job_by_state CROSS JOIN job_args ON job_id = id \
     WHERE queue_id = ?1 AND state = ?2 ORDER BY id LIMIT ?3"
);

/// A job with what its worker needs, as it is being put together.
struct Ready {
    job: JobSummary,
    args: String,
    inputs: Vec<FileRef>,
}

impl From<Ready> for ClaimedJob {
    fn from(ready: Ready) -> ClaimedJob {
        ClaimedJob { job: Arc::new(ready.job), args: ready.args, inputs: ready.inputs }
    }
}

impl Transaction<'_> {
    pub fn claim(&mut self, queue: &str, limit: u32) -> rusqlite::Result<Vec<ClaimedJob>> {
        let Some((queue, name)) = self.known_queue(queue) else { return Ok(Vec::new()) };
        let mut claimed = self.in_state(queue, &name, JobState::Pending, limit)?;
        for Ready { job, .. } in &mut claimed {
            // Only a job that failed before has an error to clear away.
            if job.error.is_some() {
                self.prepared("DELETE FROM job_output WHERE job_id = ?1")?.execute([job.id.0])?;
            }
            if transition::claim(job, self.now_ms) {
                self.change(job, queue, JobState::Pending)?;
            }
        }
        Ok(claimed.into_iter().map(ClaimedJob::from).collect())
    }

    /// Every job at work, by id.
    pub fn all_processing(&self) -> rusqlite::Result<Vec<ClaimedJob>> {
        let mut all = Vec::new();
        for (id, name) in self.standing.all() {
            let running = self.in_state(id, &name, JobState::Processing, u32::MAX)?;
            all.extend(running.into_iter().map(ClaimedJob::from));
        }
        all.sort_by_key(|running| running.job.id);
        Ok(all)
    }

    fn in_state(&self, queue: i64, name: &str, state: JobState, limit: u32) -> rusqlite::Result<Vec<Ready>> {
        let mut select = self.prepared(IN_STATE)?;
        let mut found = select.query(params![queue, state_code(state), limit])?;
        let mut jobs = Vec::new();
        while let Some(row) = found.next()? {
            let job = rows::summary(row, name)?;
            let has_inputs: bool = row.get(JOB_COLUMNS)?;
            let inputs = if has_inputs { self.inputs(job.id.0)? } else { Vec::new() };
            jobs.push(Ready { job, args: row.get(JOB_COLUMNS + 1)?, inputs });
        }
        Ok(jobs)
    }

    fn inputs(&self, id: u64) -> rusqlite::Result<Vec<FileRef>> {
        self.prepared(rows::FILES)?.query_map(params![id, FileRole::Input as i64], rows::file)?.collect()
    }
}
