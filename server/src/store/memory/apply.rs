//! Which operation is whose.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::yard::Yard;
use crate::store::StoreError;
use crate::store::ops::{OpResult, QueueSettings, WriteOp};

/// Refuses what a store must not take in.
pub(super) fn check(ops: &[WriteOp]) -> Result<(), StoreError> {
    for op in ops {
        let jobs = match op {
            WriteOp::Insert { jobs, .. } => jobs.as_slice(),
            WriteOp::FireSchedule { fire } => std::slice::from_ref(&fire.job),
            _ => continue,
        };
        for job in jobs {
            let names: BTreeSet<&str> = job.inputs.iter().map(|file| file.name.as_str()).collect();
            if names.len() < job.inputs.len() {
                return Err(StoreError::Refused("two inputs of a job have the same name".to_owned()));
            }
        }
    }
    Ok(())
}

impl Yard {
    pub fn apply(&mut self, op: &WriteOp, now_ms: i64) -> OpResult {
        match op {
            WriteOp::Insert { jobs, terms } => OpResult::Inserted(self.insert(jobs, terms, now_ms)),
            WriteOp::Claim { queue, limit, oldest, kinds } => {
                OpResult::Claimed(self.claim(queue, (*limit, *oldest), kinds.as_deref(), now_ms))
            }
            WriteOp::Finish { id, attempt, end, artifacts } => {
                OpResult::Finished(self.finish(*id, *attempt, end, artifacts, now_ms))
            }
            WriteOp::WorkEnded { id } => OpResult::WorkEnded { released: self.work_ended(*id, now_ms) },
            WriteOp::Progress { reports } => OpResult::Progressed(self.progress(reports)),
            WriteOp::Log { lines } => OpResult::Logged(self.log(lines)),
            WriteOp::Cancel { id } => OpResult::Cancelled(self.cancel(*id, now_ms)),
            WriteOp::Retry { id } => OpResult::Retried(self.retry(*id, now_ms)),
            WriteOp::Delete { id } => OpResult::Deleted(self.delete(*id)),
            WriteOp::SetPriority { id, priority } => OpResult::PrioritySet(self.set_priority(*id, *priority)),
            WriteOp::Clear { queue, state, finished_by_ms, limit } => {
                self.clear(queue.as_deref(), *state, *finished_by_ms, *limit as usize)
            }
            WriteOp::Promote { limit } => OpResult::Promoted(self.promote(*limit, now_ms)),
            WriteOp::Resolve { limit } => self.resolve(*limit, now_ms),
            WriteOp::CatchUp => OpResult::CaughtUp,
            WriteOp::Tidy { limit, .. } => OpResult::Tidied { more: self.tidy(*limit as usize, now_ms) },
            other => self.apply_to_yard(other, now_ms),
        }
    }

    /// What is not about single jobs.
    fn apply_to_yard(&mut self, op: &WriteOp, now_ms: i64) -> OpResult {
        match op {
            WriteOp::ConfigureQueue { queue, settings } => {
                self.configure(queue, settings);
                OpResult::QueueConfigured
            }
            WriteOp::SetLimit { limit } => {
                self.changed |= self.meters.set(limit);
                OpResult::LimitSet
            }
            WriteOp::RemoveLimit { name } => {
                let existed = self.meters.remove(name);
                self.changed |= existed;
                OpResult::LimitRemoved { existed }
            }
            WriteOp::SetSchedule { schedule } => {
                self.set_schedule(schedule);
                OpResult::ScheduleSet
            }
            WriteOp::RemoveSchedule { name } => {
                let existed = self.schedules.remove(name).is_some();
                self.changed |= existed;
                OpResult::ScheduleRemoved { existed }
            }
            WriteOp::FireSchedule { fire } => OpResult::Fired(self.fire(fire, now_ms)),
            WriteOp::StartOperation { action, filter, starts_at_ms } => OpResult::OperationStarted(Box::new(
                self.start_operation(*action, filter, *starts_at_ms, now_ms),
            )),
            WriteOp::StepOperation { id, limit } => {
                OpResult::OperationStepped(Box::new(self.step_operation(*id, *limit, now_ms)))
            }
            WriteOp::UndoOperation { id } => {
                OpResult::OperationUndone(self.undo_operation(*id, now_ms).map(Box::new))
            }
            _ => unreachable!("`apply` has dealt with it"),
        }
    }

    fn configure(&mut self, name: &Arc<str>, settings: &QueueSettings) {
        self.ensure_queue(name);
        if let Some(queue) = self.lists.find_mut(name).filter(|queue| queue.settings != *settings) {
            queue.settings = settings.clone();
            self.changed = true;
        }
    }
}
