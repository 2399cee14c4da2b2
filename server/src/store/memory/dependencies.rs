//! Jobs that wait are told of the ends of those that they wait for.

use taskyard_shared::job::{JobId, JobSummary};

use super::yard::Yard;
use crate::store::endings::Ending;
use crate::store::ops::{Moved, OpResult};
use crate::store::transition;

impl Yard {
    pub fn resolve(&mut self, limit: u32, now_ms: i64) -> OpResult {
        let mut moved = Vec::new();
        let mut left = limit;
        while let Some((on, ending)) = self.edges.ends.front().copied() {
            while left > 0
                && let Some(job) = self.edges.first_concerned(on, ending)
            {
                left -= 1;
                self.changed = true;
                moved.extend(self.tell(job, on, ending, now_ms));
            }
            if left == 0 {
                break;
            }
            self.edges.ends.pop_front();
            self.changed = true;
        }
        OpResult::Resolved { moved, more: !self.edges.ends.is_empty() }
    }

    /// Tells a job that `on` has ended. It may have been cancelled itself meanwhile: then it only takes note.
    fn tell(&mut self, job: JobId, on: JobId, ending: Ending, now_ms: i64) -> Option<Moved> {
        let rule = self.jobs.get(&job)?.options.on_failure;
        self.edges.set(job, on, ending.wait_becomes(rule));
        if ending.cancels(rule) {
            let was_deleted = ending == Ending::Deleted;
            let cancel = |row: &mut JobSummary| transition::cancel_after(row, on, was_deleted, now_ms);
            return self.transit_with_error(job, cancel);
        }
        self.edges.are_met(job).then(|| self.transit(job, |row| transition::stop_waiting(row, now_ms)))?
    }
}
