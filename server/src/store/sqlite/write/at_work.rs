//! Rows of the jobs that are at work, as their claims wrote them: so the end of most attempts reads nothing.
//!
//! It is part of the [`super::queues::Standing`], and so it is given up with it: when a transaction has failed, and when
//! others have committed in between. Whatever changes such a row in any other way than by its end forgets it here.
//! Bounded by the slots of all queues.

use std::collections::HashMap;
use std::sync::Arc;

use taskyard_shared::job::{JobId, JobSummary};

use super::super::rows::Flags;
use super::transaction::Row;

#[derive(Default)]
pub(super) struct AtWork(HashMap<JobId, Kept>);

struct Kept {
    job: Arc<JobSummary>,
    queue: i64,
    flags: Flags,
}

impl AtWork {
    /// Keeps the row of a job that has just been claimed. No meter holds it back.
    pub fn keep(&mut self, job: Arc<JobSummary>, queue: i64, flags: Flags) {
        self.0.insert(job.id, Kept { job, queue, flags });
    }

    /// The row, if it is known; it is forgotten.
    pub fn take(&mut self, id: JobId) -> Option<Row> {
        let Kept { job, queue, flags } = self.0.remove(&id)?;
        Some(Row { job: Arc::unwrap_or_clone(job), queue, flags, held_by: None })
    }

    /// The row changes.
    pub fn forget(&mut self, id: JobId) {
        self.0.remove(&id);
    }
}
