//! Jobs that become claimable: scheduled ones whose time has come, those that a limit held back, and waiting ones
//! whose others have ended. All of it in bounded steps, one of each kind at a time.

use taskyard_shared::job::JobState;

use super::decision::Decision;
use super::pending::Pending;
use super::state::Core;
use super::times::has_come;
use crate::pubsub::JobChange;
use crate::store::{Moved, PromoteResult, RELEASE_RETRY_MS, Released, WriteOp};

/// Most jobs in one step.
const STEP_JOBS: u32 = 500;

impl Core {
    pub(super) fn promote_due(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if !self.times.promoting && self.times.promote_at_ms.is_some_and(|at_ms| has_come(at_ms, now_ms)) {
            self.times.promote_at_ms = None;
            self.times.promoting = true;
            self.write(Pending::Promote, WriteOp::Promote { limit: STEP_JOBS }, out);
        }
    }

    pub(super) fn promoted(&mut self, result: PromoteResult, now_ms: i64, changes: &mut Vec<JobChange>) {
        self.times.promoting = false;
        self.times.promote_by(if result.more { Some(now_ms) } else { result.next_at_ms });
        for moved in result.moved {
            self.moved(moved, changes);
        }
        self.released(result.released, now_ms);
    }

    pub(super) fn resolve_ended(&mut self, out: &mut Vec<Decision>) {
        if self.times.resolve_wanted && !self.times.resolving {
            self.times.resolve_wanted = false;
            self.times.resolving = true;
            self.write(Pending::Resolve, WriteOp::Resolve { limit: STEP_JOBS }, out);
        }
    }

    pub(super) fn resolved(&mut self, moved: Vec<Moved>, more: bool, changes: &mut Vec<JobChange>) {
        self.times.resolving = false;
        self.times.resolve_wanted |= more;
        for moved in moved {
            self.moved(moved, changes);
        }
    }

    /// Jobs of these queues that a limit held back may be claimed. Should they not start after all, others may in
    /// their place: that is looked at a little later.
    pub(super) fn released(&mut self, queues: Released, now_ms: i64) {
        if !queues.is_empty() {
            self.times.promote_by(Some(now_ms + RELEASE_RETRY_MS));
        }
        for name in queues {
            if let Some(queue) = self.queues.get_mut(&name) {
                queue.exhausted = false;
                self.touched.insert(name);
            }
        }
    }

    /// A job has changed its state: the counts follow, and what waits for a time or a slot.
    pub(super) fn moved(&mut self, moved: Moved, changes: &mut Vec<JobChange>) {
        let Moved { job, from } = moved;
        self.count(&job.queue, Some(from), Some(job.state));
        if job.state == JobState::Scheduled {
            self.times.promote_by(job.run_at_ms);
        }
        changes.push(JobChange::Changed(job));
    }
}
