//! Which operation is whose.

use super::transaction::Transaction;
use crate::store::ops::{OpResult, WriteOp};

impl Transaction<'_> {
    pub fn apply(&mut self, op: &WriteOp) -> rusqlite::Result<OpResult> {
        Ok(match op {
            WriteOp::Insert { jobs, terms } => OpResult::Inserted(self.insert(jobs, terms)?),
            WriteOp::Claim { queue, limit, oldest, kinds } => {
                OpResult::Claimed(self.claim(queue, *limit, *oldest, kinds.as_ref())?)
            }
            WriteOp::Finish { id, attempt, end, artifacts } => {
                OpResult::Finished(self.finish(*id, *attempt, end, artifacts)?)
            }
            WriteOp::WorkEnded { id } => OpResult::WorkEnded { released: self.work_ended(*id)? },
            WriteOp::Progress { reports } => OpResult::Progressed(self.report(reports)?),
            WriteOp::Log { lines } => OpResult::Logged(self.log(lines)?),
            WriteOp::Cancel { id } => OpResult::Cancelled(self.cancel(*id)?),
            WriteOp::Retry { id } => OpResult::Retried(self.retry(*id)?),
            WriteOp::Delete { id } => OpResult::Deleted(self.delete(*id)?),
            WriteOp::SetPriority { id, priority } => {
                OpResult::PrioritySet(self.set_priority(*id, *priority)?)
            }
            WriteOp::Clear { queue, state, finished_by_ms, limit } => {
                self.clear(queue.as_deref(), *state, *finished_by_ms, *limit)?
            }
            WriteOp::Promote { limit } => OpResult::Promoted(self.promote(*limit)?),
            WriteOp::Resolve { limit } => {
                let (moved, more) = self.resolve(*limit)?;
                OpResult::Resolved { moved, more }
            }
            WriteOp::CatchUp => OpResult::CaughtUp,
            WriteOp::Tidy { limit, free_pages } => OpResult::Tidied { more: self.tidy(*limit, *free_pages)? },
            other => self.apply_to_yard(other)?,
        })
    }

    /// What is not about single jobs.
    fn apply_to_yard(&mut self, op: &WriteOp) -> rusqlite::Result<OpResult> {
        Ok(match op {
            WriteOp::ConfigureQueue { queue, settings } => {
                self.configure(queue, settings)?;
                OpResult::QueueConfigured
            }
            WriteOp::SetLimit { limit } => {
                self.set_limit(limit)?;
                OpResult::LimitSet
            }
            WriteOp::RemoveLimit { name } => OpResult::LimitRemoved { existed: self.remove_limit(name)? },
            WriteOp::SetSchedule { schedule } => {
                self.set_schedule(schedule)?;
                OpResult::ScheduleSet
            }
            WriteOp::RemoveSchedule { name } => {
                OpResult::ScheduleRemoved { existed: self.remove_schedule(name)? }
            }
            WriteOp::FireSchedule { fire } => OpResult::Fired(self.fire(fire)?),
            WriteOp::StartOperation { action, filter, starts_at_ms } => {
                OpResult::OperationStarted(Box::new(self.start_operation(*action, filter, *starts_at_ms)?))
            }
            WriteOp::StepOperation { id, limit } => {
                OpResult::OperationStepped(Box::new(self.step_operation(*id, *limit)?))
            }
            WriteOp::UndoOperation { id } => {
                OpResult::OperationUndone(self.undo_operation(*id)?.map(Box::new))
            }
            _ => unreachable!("`apply` has dealt with it"),
        })
    }
}
