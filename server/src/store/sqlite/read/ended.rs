//! Jobs in the order in which they ended.

use std::sync::Arc;

use rusqlite::params;
use taskyard_shared::job::{JobState, JobSummary};

use super::super::rows::{self, job_columns, state_code};
use super::Snapshot;
use crate::store::EndedJob;

/// Those of a queue and state, which the index has in this order.
macro_rules! ended_in {
    ($index:literal, $wanted:literal) => {
        concat!(
            "SELECT ",
            job_columns!(),
            " FROM job INDEXED BY ",
            $index,
            " WHERE queue_id = ?1 AND state = ?2 AND finished_at_ms >= ?3 AND ",
            $wanted,
            " AND (finished_at_ms > ?3 OR id > ?4) ORDER BY finished_at_ms, id LIMIT ?5"
        )
    };
}

pub const ENDED: &str = ended_in!("job_by_end", "result_wanted = 0");
/// Those whose result a job that has not ended takes up, which retention's index leaves out.
pub const WANTED: &str = ended_in!("job_wanted_by_end", "result_wanted > 0");

impl Snapshot<'_> {
    /// The first of each queue and state, put in order: the others cannot be among the first of all.
    pub fn ended(&self, after: EndedJob, limit: u32) -> rusqlite::Result<Vec<Arc<JobSummary>>> {
        let id = i64::try_from(after.id.0).unwrap_or(i64::MAX);
        let mut statements = [self.conn.prepare_cached(ENDED)?, self.conn.prepare_cached(WANTED)?];
        let mut found: Vec<JobSummary> = Vec::new();
        for (queue, (name, counts)) in (1_i64..).zip(&self.queues) {
            for state in JobState::ALL.into_iter().filter(|state| state.is_finished() && counts[*state] > 0) {
                let params = params![queue, state_code(state), after.at_ms, id, limit];
                for statement in &mut statements {
                    for job in statement.query_map(params, |row| rows::summary(row, name))? {
                        found.push(job?);
                    }
                }
            }
        }
        found.sort_unstable_by_key(|job| (job.finished_at_ms, job.id));
        found.truncate(limit as usize);
        Ok(found.into_iter().map(Arc::new).collect())
    }
}
