//! Short ways to say what is done to a store, beyond the life of a single job.

use std::sync::Arc;

use taskyard_shared::job::{JobId, JobState};
use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::{BulkAction, Operation, OperationId};
use taskyard_shared::view::JobFilter;

use super::TestYard;
use crate::store::WaitingFacts;
use crate::store::ops::{
    AddTerms, DeleteResult, Fire, FireResult, InsertResult, JobInsert, Moved, OpResult, PriorityResult,
    PromoteResult, Released, StepResult, StoredSchedule, WriteOp,
};

/// What an operation answered, where only one kind of answer is right.
macro_rules! answer {
    ($answered:expr, $pattern:pat => $value:expr) => {
        match $answered {
            $pattern => $value,
            other => panic!("{other:?}"),
        }
    };
}

impl TestYard {
    /// An insert with all that it answers.
    pub fn insert_all(&mut self, jobs: Vec<JobInsert>, terms: AddTerms) -> InsertResult {
        answer!(self.apply(WriteOp::Insert { jobs, terms }), OpResult::Inserted(result) => result)
    }

    pub fn claim_oldest(&mut self, queue: &str, limit: u32, oldest: u32) -> Vec<JobId> {
        let op = WriteOp::Claim { queue: queue.into(), limit, oldest, kinds: None };
        let claimed = answer!(self.apply(op), OpResult::Claimed(claimed) => claimed);
        claimed.jobs.iter().map(|claimed| claimed.job.id).collect()
    }

    pub fn claim_ids(&mut self, queue: &str, limit: u32) -> Vec<JobId> {
        self.claim_oldest(queue, limit, 0)
    }

    pub fn set_priority(&mut self, id: JobId, priority: i16) -> PriorityResult {
        answer!(self.apply(WriteOp::SetPriority { id, priority }), OpResult::PrioritySet(result) => result)
    }

    pub fn delete(&mut self, id: JobId) -> DeleteResult {
        answer!(self.apply(WriteOp::Delete { id }), OpResult::Deleted(result) => result)
    }

    pub fn work_ended(&mut self, id: JobId) -> Released {
        answer!(self.apply(WriteOp::WorkEnded { id }), OpResult::WorkEnded { released } => released)
    }

    pub fn promote(&mut self, limit: u32) -> PromoteResult {
        answer!(self.apply(WriteOp::Promote { limit }), OpResult::Promoted(result) => result)
    }

    /// Jobs that left `waiting`, with their states now, and whether there is more to tell.
    pub fn resolve(&mut self, limit: u32) -> (Vec<(JobId, JobState)>, bool) {
        let (moved, more) = answer!(self.apply(WriteOp::Resolve { limit }), OpResult::Resolved { moved, more } => (moved, more));
        assert!(moved.iter().all(|moved| moved.from == JobState::Waiting));
        (moved.iter().map(where_to).collect(), more)
    }

    /// Everything that waits for an end is told.
    pub fn resolve_all(&mut self) -> Vec<(JobId, JobState)> {
        let (moved, more) = self.resolve(1_000);
        assert!(!more);
        moved
    }

    pub fn set_limit(&mut self, limit: Limit) {
        assert_eq!(self.apply(WriteOp::SetLimit { limit }), OpResult::LimitSet);
    }

    pub fn remove_limit(&mut self, name: &str) -> bool {
        let op = WriteOp::RemoveLimit { name: name.to_owned() };
        answer!(self.apply(op), OpResult::LimitRemoved { existed } => existed)
    }

    pub fn limits(&mut self) -> Vec<LimitStatus> {
        self.writer.load().expect("readable").limits
    }

    /// Keys, jobs at work and jobs held back of the only limit.
    pub fn limit_counts(&mut self) -> (u64, u64, u64) {
        let limits = self.limits();
        assert_eq!(limits.len(), 1, "{limits:?}");
        (limits[0].keys, limits[0].running, limits[0].held_back)
    }

    pub fn log(&mut self, lines: Vec<(JobId, LogLine)>) -> Vec<(JobId, LogLine)> {
        answer!(self.apply(WriteOp::Log { lines }), OpResult::Logged(kept) => kept)
    }

    pub fn fire(&mut self, fire: Fire) -> FireResult {
        answer!(self.apply(WriteOp::FireSchedule { fire: Box::new(fire) }), OpResult::Fired(result) => result)
    }

    pub fn set_schedule(&mut self, schedule: StoredSchedule) {
        assert_eq!(self.apply(WriteOp::SetSchedule { schedule: Box::new(schedule) }), OpResult::ScheduleSet);
    }

    pub fn start_operation(&mut self, action: BulkAction, filter: JobFilter) -> Operation {
        let op = WriteOp::StartOperation { action, filter, starts_at_ms: self.now_ms + 10_000 };
        answer!(self.apply(op), OpResult::OperationStarted(operation) => *operation)
    }

    pub fn step(&mut self, id: OperationId, limit: u32) -> StepResult {
        let op = WriteOp::StepOperation { id, limit };
        answer!(self.apply(op), OpResult::OperationStepped(step) => *step)
    }

    pub fn undo(&mut self, id: OperationId) -> Option<Operation> {
        answer!(self.apply(WriteOp::UndoOperation { id }), OpResult::OperationUndone(operation) => operation.map(|operation| *operation))
    }

    /// Whether there was more to forget than `limit` of something.
    pub fn tidy(&mut self, limit: u32) -> bool {
        let op = WriteOp::Tidy { limit, free_pages: 0 };
        answer!(self.apply(op), OpResult::Tidied { more } => more)
    }

    pub fn facts(&self, id: JobId) -> WaitingFacts {
        self.reader.waiting_facts(id).expect("readable").expect("the job exists")
    }

    pub fn recover(&mut self) -> u64 {
        self.writer.recover_lost(3, self.now_ms).expect("writable")
    }
}

fn where_to(moved: &Moved) -> (JobId, JobState) {
    (moved.job.id, moved.job.state)
}

/// Released jobs are in this queue.
pub fn in_queue(name: &str) -> Released {
    vec![Arc::from(name)]
}
