//! Operations on all jobs that match a filter, step by step.

use std::ops::Bound;

use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_KEPT_OPERATIONS;
use taskyard_shared::operation::{BulkAction, Operation, OperationId, OperationState};
use taskyard_shared::view::JobFilter;

use super::job::StoredJob;
use super::yard::Yard;
use crate::store::bulk;
use crate::store::ops::{PriorityResult, StepResult};

pub(super) struct StoredOperation {
    pub operation: Operation,
    /// The job looked at last.
    looked_to: JobId,
    /// Later ones are none of its business.
    last: JobId,
}

impl Yard {
    pub fn start_operation(
        &mut self,
        action: BulkAction,
        filter: &JobFilter,
        starts_at_ms: i64,
        now_ms: i64,
    ) -> Operation {
        self.last_operation += 1;
        self.changed = true;
        let operation = Operation {
            id: OperationId(self.last_operation),
            action,
            filter: filter.clone(),
            state: OperationState::Waiting,
            created_at_ms: now_ms,
            starts_at_ms,
            finished_at_ms: None,
            looked_at: 0,
            to_look_at: self.looked_at(action, filter, JobId(0)).count() as u64,
            done: 0,
        };
        let stored =
            StoredOperation { operation: operation.clone(), looked_to: JobId(0), last: JobId(self.last_id) };
        self.operations.insert(operation.id, stored);
        operation
    }

    pub fn step_operation(&mut self, id: OperationId, limit: u32, now_ms: i64) -> StepResult {
        let mut step =
            StepResult { operation: None, moved: vec![], changed: vec![], removed: vec![], resolves: false };
        let Some(mut stored) = self.operations.remove(&id) else { return step };
        if is_over(&stored) {
            self.operations.insert(id, stored);
            return step;
        }
        let Operation { action, filter, .. } = &stored.operation;
        let next = self.looked_at(*action, filter, stored.looked_to).take_while(|id| *id <= stored.last);
        let next: Vec<JobId> = next.take(limit as usize).collect();
        let (removed, resolves) =
            self.noting_ends(|yard| yard.work_on(&next, &mut stored.operation, &mut step, now_ms));
        step.resolves = resolves;
        step.removed = self.grouped(removed);
        stored.looked_to = next.last().copied().unwrap_or(stored.looked_to);
        let operation = &mut stored.operation;
        operation.looked_at += next.len() as u64;
        operation.state = OperationState::Running;
        if next.len() < limit as usize {
            operation.state = OperationState::Done;
            operation.finished_at_ms = Some(now_ms);
        }
        step.operation = Some(operation.clone());
        self.operations.insert(id, stored);
        self.changed = true;
        self.forget_operations();
        step
    }

    pub fn undo_operation(&mut self, id: OperationId, now_ms: i64) -> Option<Operation> {
        let operation = &mut self.operations.get_mut(&id)?.operation;
        if operation.state == OperationState::Waiting {
            operation.state = OperationState::Undone;
            operation.finished_at_ms = Some(now_ms);
            self.changed = true;
        }
        let operation = operation.clone();
        self.forget_operations();
        Some(operation)
    }

    /// The jobs after this one that such an operation looks at.
    fn looked_at(&self, action: BulkAction, filter: &JobFilter, after: JobId) -> impl Iterator<Item = JobId> {
        let scope = bulk::looked_at(action, filter);
        let jobs = self.jobs.range((Bound::Excluded(after), Bound::Unbounded));
        jobs.filter(move |(_, job)| scope.as_ref().is_some_and(|scope| scope.matches(&job.row)))
            .map(|(id, _)| *id)
    }

    /// Does it to those of the jobs that match, and gives those that are gone now.
    fn work_on(
        &mut self,
        jobs: &[JobId],
        operation: &mut Operation,
        step: &mut StepResult,
        now_ms: i64,
    ) -> Vec<StoredJob> {
        let mut removed = Vec::new();
        for id in jobs {
            if !operation.filter.matches(&self.jobs[id].row) {
                continue;
            }
            let before = (step.moved.len(), step.changed.len(), removed.len());
            match operation.action {
                BulkAction::Cancel {} => step.moved.extend(self.try_cancel(*id, now_ms)),
                BulkAction::Retry {} => step.moved.extend(self.try_retry(*id, now_ms)),
                BulkAction::Delete {} => removed.extend(self.remove(*id)),
                BulkAction::Reprioritise { priority } => self.reprioritise(*id, priority, step),
            }
            operation.done += u64::from(before != (step.moved.len(), step.changed.len(), removed.len()));
        }
        removed
    }

    fn reprioritise(&mut self, id: JobId, priority: i16, step: &mut StepResult) {
        if self.jobs.get(&id).is_some_and(|job| job.row.priority != priority)
            && let PriorityResult::Set(row) = self.set_priority(id, priority)
        {
            step.changed.push(row);
        }
    }

    /// Keeps the newest of those that have ended.
    fn forget_operations(&mut self) {
        let ended = self.operations.iter().rev().filter(|(_, stored)| is_over(stored));
        let old: Vec<OperationId> = ended.skip(MAX_KEPT_OPERATIONS).map(|(id, _)| *id).collect();
        for id in old {
            self.operations.remove(&id);
        }
    }
}

fn is_over(stored: &StoredOperation) -> bool {
    matches!(stored.operation.state, OperationState::Done | OperationState::Undone)
}
