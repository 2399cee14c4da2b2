//! What happens to a job once it is there: reports, lines of its log, outcomes, cancels, retries and priorities.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use taskyard_shared::job::{AttemptOutcome, FileRef, JobId, JobState, Progress};
use taskyard_shared::log::LogLine;

use super::lists;
use super::yard::Yard;
use crate::store::ops::{
    AttemptEnd, CancelResult, FinishResult, Moved, PriorityResult, Released, RetryResult,
};
use crate::store::{RELEASE_RETRY_MS, transition};

impl Yard {
    pub fn finish(
        &mut self,
        id: JobId,
        attempt: u32,
        end: &AttemptEnd,
        artifacts: &[FileRef],
        now_ms: i64,
    ) -> Option<FinishResult> {
        self.jobs.get(&id).filter(|job| transition::is_running(&job.row, attempt))?;
        let (job, resolves) = self.noting_ends(|yard| {
            yard.update(id, |job| {
                let left = transition::finish(Arc::make_mut(&mut job.row), attempt, end, now_ms)?;
                job.attempt_finished(&left, artifacts, now_ms);
                Some(Arc::clone(&job.row))
            })
        });
        let released = self.give_back(id, attempt..=attempt, now_ms);
        Some(FinishResult { job: job??, released, resolves })
    }

    pub fn work_ended(&mut self, id: JobId, now_ms: i64) -> Released {
        let running = self.jobs.get(&id).filter(|job| job.row.state == JobState::Processing);
        match running.map(|job| job.row.attempt) {
            Some(0) => Released::new(),
            Some(attempt) => self.give_back(id, 0..=attempt - 1, now_ms),
            None => self.give_back(id, 0..=u32::MAX, now_ms),
        }
    }

    pub fn progress(&mut self, reports: &[(JobId, u32, Progress)]) -> Vec<(JobId, Progress)> {
        let mut changed = Vec::new();
        for (id, attempt, progress) in reports {
            let Some(job) = self.jobs.get_mut(id) else { continue };
            if transition::is_running(&job.row, *attempt) && job.row.progress != *progress {
                Arc::make_mut(&mut job.row).progress = *progress;
                changed.push((*id, *progress));
            }
        }
        self.changed |= !changed.is_empty();
        changed
    }

    pub fn log(&mut self, lines: &[(JobId, LogLine)]) -> Vec<(JobId, LogLine)> {
        let mut kept = Vec::new();
        for (id, line) in lines {
            if self.jobs.get_mut(id).is_some_and(|job| job.keep_line(line)) {
                kept.push((*id, line.clone()));
            }
        }
        self.changed |= !kept.is_empty();
        kept
    }

    pub fn cancel(&mut self, id: JobId, now_ms: i64) -> CancelResult {
        let Some(state) = self.state(id) else { return CancelResult::NotFound };
        match self.noting_ends(|yard| yard.try_cancel(id, now_ms)) {
            (Some(moved), resolves) => CancelResult::Cancelled { moved, resolves },
            (None, _) => CancelResult::AlreadyFinished(state),
        }
    }

    /// None: the job has ended already.
    pub fn try_cancel(&mut self, id: JobId, now_ms: i64) -> Option<Moved> {
        let moved = self.transit(id, |row| transition::cancel(row, now_ms))?;
        if moved.from == JobState::Processing
            && let Some(job) = self.jobs.get_mut(&id)
        {
            job.attempt_ended(AttemptOutcome::Cancelled, None, now_ms);
        }
        Some(moved)
    }

    pub fn retry(&mut self, id: JobId, now_ms: i64) -> RetryResult {
        let Some(state) = self.state(id) else { return RetryResult::NotFound };
        self.try_retry(id, now_ms).map_or(RetryResult::WrongState(state), RetryResult::Retried)
    }

    /// None: its state forbids it.
    pub fn try_retry(&mut self, id: JobId, now_ms: i64) -> Option<Moved> {
        let waits = !self.edges.are_met(id);
        self.transit(id, |row| transition::retry(row, waits, now_ms))
    }

    pub fn set_priority(&mut self, id: JobId, priority: i16) -> PriorityResult {
        let Some(job) = self.jobs.get_mut(&id) else { return PriorityResult::NotFound };
        if !job.row.state.is_first() {
            return PriorityResult::WrongState(job.row.state);
        }
        let before = lists::turn(&job.row);
        match job.held_by {
            Some(meter) if job.row.priority != priority => {
                Arc::make_mut(&mut job.row).priority = priority;
                let queue = self.lists.index(&job.row.queue);
                self.meters.reorder(meter, queue, before, lists::turn(&job.row));
                self.changed = true;
            }
            Some(_) => {}
            None => _ = self.update(id, |job| Arc::make_mut(&mut job.row).priority = priority),
        }
        PriorityResult::Set(Arc::clone(&self.jobs[&id].row))
    }

    /// Ends what attempts of a job count towards limits, and releases the first job that each of these holds back for
    /// want of room. (If a rate does not admit that one yet, a claim holds it back again, and says until when.)
    fn give_back(&mut self, id: JobId, attempts: RangeInclusive<u32>, now_ms: i64) -> Released {
        let over = self.uses.range((id, *attempts.start())..=(id, *attempts.end()));
        let over: Vec<_> = over.map(|(of, _)| *of).collect();
        let mut released = BTreeSet::new();
        for of in over {
            self.changed = true;
            for meter in self.uses.remove(&of).into_iter().flatten() {
                if self.meters.end(meter) {
                    self.meters.due_by(meter, now_ms + RELEASE_RETRY_MS);
                    released.extend(self.release_first(meter, 0));
                }
            }
        }
        released.into_iter().collect()
    }
}
