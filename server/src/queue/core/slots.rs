//! The slots of the queues: who takes one, when it is free again, and who starts in it then.

use std::sync::Arc;

use taskyard_shared::job::{FileRef, JobId};

use super::decision::{AttemptId, Decision};
use super::failures::decide;
use super::pending::Pending;
use super::state::{Core, Held, Mode, Phase, Rerun, Working};
use crate::store::{AttemptEnd, ClaimedJob, WriteOp};

impl Core {
    /// Gives the job a slot, and has its work begun unless an earlier attempt of it is still at work. A core
    /// that is draining gives the job back instead.
    pub(super) fn start(
        &mut self,
        queue: &Arc<str>,
        claimed: ClaimedJob,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let attempt = AttemptId::of(&claimed);
        if self.mode == Mode::Draining {
            self.write_end(attempt, AttemptEnd::Released, Vec::new(), out);
        } else if self.working.contains_key(&attempt.job) {
            self.held.insert(attempt.job, Held { queue: Arc::clone(queue), claimed });
            if let Some(state) = self.queues.get_mut(queue) {
                state.slots_used += 1;
            }
        } else {
            let working = Working {
                attempt: attempt.attempt,
                queue: Arc::clone(queue),
                phase: Phase::Running,
                since_ms: now_ms,
                rerun: Rerun::of(&claimed),
                is_limited: claimed.is_limited,
            };
            self.take_slot(attempt.job, working);
            out.push(Decision::Start(claimed));
        }
    }

    pub(super) fn take_slot(&mut self, job: JobId, working: Working) {
        if let Some(state) = self.queues.get_mut(&working.queue) {
            state.slots_used += 1;
            state.stopping += u32::from(working.phase == Phase::Stopping);
        }
        self.working.insert(job, working);
    }

    /// The slot of an attempt in `phase`, or of a held job (`Running`), is free again.
    pub(super) fn free_slot(&mut self, queue: &str, phase: Phase) {
        if let Some(state) = self.queues.get_mut(queue) {
            state.slots_used -= 1;
            state.stopping -= u32::from(phase == Phase::Stopping);
        }
    }

    /// The attempt was cancelled: a held job gives its slot back, running work keeps it until it has ended.
    pub(super) fn stop(&mut self, queue: &str, attempt: AttemptId, out: &mut Vec<Decision>) {
        if self.held.get(&attempt.job).is_some_and(|held| held.claimed.job.attempt == attempt.attempt) {
            let held = self.held.remove(&attempt.job);
            self.free_slot(queue, Phase::Running);
            // What it took of limits is given back when the work of the job has ended: that of the attempt before it.
            if let (Some(held), Some(working)) = (held, self.working.get_mut(&attempt.job)) {
                working.is_limited |= held.claimed.is_limited;
            }
        }
        // Its work may have ended while the cancel was on its way to the disk.
        if let Some(working) = self.working.get_mut(&attempt.job)
            && working.attempt == attempt.attempt
            && working.phase == Phase::Running
        {
            working.phase = Phase::Stopping;
            if let Some(state) = self.queues.get_mut(queue) {
                state.stopping += 1;
            }
            out.push(Decision::Stop(attempt));
        }
    }

    /// The earlier work of a held job has ended: its turn.
    pub(super) fn start_held(&mut self, id: JobId, now_ms: i64, out: &mut Vec<Decision>) {
        let Some(Held { queue, claimed }) = self.held.remove(&id) else { return };
        self.free_slot(&queue, Phase::Running);
        self.start(&queue, claimed, now_ms, out);
    }

    /// Tells the store how an attempt ended, and what follows from that.
    pub(super) fn decide_end(
        &mut self,
        attempt: AttemptId,
        end: AttemptEnd,
        rerun: &Rerun,
        artifacts: Vec<FileRef>,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let end = decide(end, attempt, rerun, now_ms);
        self.write_end(attempt, end, artifacts, out);
    }

    fn write_end(
        &mut self,
        attempt: AttemptId,
        end: AttemptEnd,
        artifacts: Vec<FileRef>,
        out: &mut Vec<Decision>,
    ) {
        let op = WriteOp::Finish { id: attempt.job, attempt: attempt.attempt, end, artifacts };
        self.write(Pending::Finish { attempt, end_was_refused: false }, op, out);
    }

    /// The work of a cancelled job has ended: the store has its end, but for what it took of limits.
    pub(super) fn work_ended(&mut self, attempt: AttemptId, is_limited: bool, out: &mut Vec<Decision>) {
        if is_limited {
            self.write(Pending::WorkEnded { attempt }, WriteOp::WorkEnded { id: attempt.job }, out);
        } else {
            out.push(Decision::Settle(attempt));
        }
    }
}
