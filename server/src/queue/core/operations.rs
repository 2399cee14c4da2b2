//! Operations on all jobs that match a filter: first they wait, and may be undone; then they go through the jobs in
//! bounded steps, one step at a time, so that everything else gets its turn in between.

use taskyard_shared::job::JobState;
use taskyard_shared::limits::{MAX_KEPT_OPERATIONS, MAX_UNDO_MS};
use taskyard_shared::operation::{NewOperation, Operation, OperationId, OperationState};

use super::decision::{Answer, AttemptId, Decision, RequestId};
use super::pending::Pending;
use super::state::Core;
use super::times::{earlier, has_come};
use crate::pubsub::JobChange;
use crate::queue::messages::QueueError;
use crate::store::{StepResult, WriteOp};

/// Jobs looked at in one step: as many as a commit's worth of other work, so that neither takes most of the time.
const STEP_JOBS: u32 = 64;

impl Core {
    pub(super) fn start_operation(
        &mut self,
        request: RequestId,
        operation: NewOperation,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let open = self.operations.iter().filter(|known| is_open(known)).count();
        if open + self.operations_starting >= MAX_KEPT_OPERATIONS {
            return out.push(Decision::Answer(request, Err(QueueError::TooManyOperations)));
        }
        let NewOperation { action, filter, undo_ms } = operation;
        let starts_at_ms = now_ms + i64::from(undo_ms.min(MAX_UNDO_MS));
        let op = WriteOp::StartOperation { action, filter, starts_at_ms };
        if self.request(request, Pending::StartOperation { request }, op, out) {
            self.operations_starting += 1;
        }
    }

    pub(super) fn undo_operation(&mut self, request: RequestId, id: OperationId, out: &mut Vec<Decision>) {
        let op = WriteOp::UndoOperation { id };
        self.request(request, Pending::UndoOperation { request, id }, op, out);
    }

    pub(super) fn operation_undone(
        &mut self,
        id: OperationId,
        operation: Option<Operation>,
    ) -> Result<Answer, QueueError> {
        let operation = operation.ok_or(QueueError::NoSuchOperation(id))?;
        let state = operation.state;
        self.keep_operation(operation.clone());
        match state {
            OperationState::Undone => Ok(Answer::Operation(Box::new(operation))),
            _ => Err(QueueError::OperationBegan(id)),
        }
    }

    /// Takes in how an operation stands now.
    pub(super) fn keep_operation(&mut self, operation: Operation) {
        match self.operations.iter_mut().find(|known| known.id == operation.id) {
            Some(known) => *known = operation,
            None => self.operations.insert(0, operation),
        }
        while self.operations.len() > MAX_KEPT_OPERATIONS
            && let Some(place) = self.operations.iter().rposition(|known| !is_open(known))
        {
            self.operations.remove(place);
        }
        self.changed.operations = true;
    }

    /// Goes on with the oldest operation whose time has come.
    pub(super) fn step_operations(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if self.stepping {
            return;
        }
        let due = |known: &&Operation| is_open(known) && has_come(known.starts_at_ms, now_ms);
        let Some(id) = self.operations.iter().rev().find(due).map(|known| known.id) else { return };
        self.stepping = true;
        self.write(Pending::StepOperation { id }, WriteOp::StepOperation { id, limit: STEP_JOBS }, out);
    }

    pub(super) fn operation_stepped(
        &mut self,
        id: OperationId,
        result: StepResult,
        changes: &mut Vec<JobChange>,
        out: &mut Vec<Decision>,
    ) {
        self.stepping = false;
        match result.operation {
            Some(operation) => self.keep_operation(operation),
            None => self.operations.retain(|known| known.id != id),
        }
        for moved in result.moved {
            if moved.from == JobState::Processing {
                let attempt = AttemptId { job: moved.job.id, attempt: moved.job.attempt };
                self.stop(&moved.job.queue, attempt, out);
            }
            self.moved(moved, changes);
        }
        changes.extend(result.changed.into_iter().map(JobChange::Changed));
        self.cleared(result.removed, changes);
        self.times.resolve_wanted |= result.resolves;
    }

    pub(super) fn next_operation_at_ms(&self) -> Option<i64> {
        let waiting = self.operations.iter().filter(|known| is_open(known) && !self.stepping);
        waiting.map(|known| Some(known.starts_at_ms)).fold(None, earlier)
    }
}

fn is_open(operation: &Operation) -> bool {
    matches!(operation.state, OperationState::Waiting | OperationState::Running)
}
