//! Operations on all jobs that match a filter, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Row as SqlRow, params};
use taskyard_shared::job::{JobState, JobSummary};
use taskyard_shared::limits::MAX_KEPT_OPERATIONS;
use taskyard_shared::operation::{BulkAction, Operation, OperationId, OperationState};
use taskyard_shared::view::{JobFilter, SortOrder};

use super::super::read::Snapshot;
use super::super::read::walk::Walk;
use super::super::rows::{from_json, to_json, unknown_code};
use super::transaction::Transaction;
use crate::store::bulk;
use crate::store::ops::{CancelResult, ClearedGroup, DeleteResult, PriorityResult, RetryResult, StepResult};

pub(super) const OPERATION: &str = "SELECT id, action, filter, state, created_at_ms, starts_at_ms, finished_at_ms, \
     looked_at, to_look_at, done, looked_to, last_job_id FROM operation WHERE id = ?1";
pub(super) const STEPPED: &str = "UPDATE operation SET state = ?2, finished_at_ms = ?3, looked_at = ?4, done = ?5, \
     looked_to = ?6 WHERE id = ?1";
/// All but the newest of those that have ended. There are never many.
const FORGET: &str = "DELETE FROM operation WHERE state >= 2 AND id NOT IN \
     (SELECT id FROM operation WHERE state >= 2 ORDER BY id DESC LIMIT ?1)";

struct StoredOperation {
    operation: Operation,
    /// The job looked at last.
    looked_to: i64,
    /// Later ones are none of its business.
    last: u64,
}

impl Transaction<'_> {
    /// Newest first.
    pub fn operations(&self) -> rusqlite::Result<Vec<Operation>> {
        self.prepared(
            "SELECT id, action, filter, state, created_at_ms, starts_at_ms, finished_at_ms, looked_at, to_look_at, \
             done, looked_to, last_job_id FROM operation ORDER BY id DESC",
        )?
        .query_map([], |row| read(row).map(|stored| stored.operation))?
        .collect()
    }

    pub fn start_operation(
        &mut self,
        action: BulkAction,
        filter: &JobFilter,
        starts_at_ms: i64,
    ) -> rusqlite::Result<Operation> {
        self.standing.last_operation_id += 1;
        let to_look_at = match bulk::looked_at(action, filter) {
            Some(scope) => self.as_read().passing(&scope)?,
            None => 0,
        };
        let operation = Operation {
            id: OperationId(self.standing.last_operation_id),
            action,
            filter: filter.clone(),
            state: OperationState::Waiting,
            created_at_ms: self.now_ms,
            starts_at_ms,
            finished_at_ms: None,
            looked_at: 0,
            to_look_at,
            done: 0,
        };
        self.prepared(
            "INSERT INTO operation (id, action, filter, state, created_at_ms, starts_at_ms, looked_at, to_look_at, \
             done, looked_to, last_job_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, 0, 0, ?8)",
        )?
        .execute(params![
            operation.id.0,
            to_json(&action)?,
            to_json(filter)?,
            state_code(operation.state),
            operation.created_at_ms,
            starts_at_ms,
            to_look_at,
            self.standing.last_job_id,
        ])?;
        self.changed = true;
        Ok(operation)
    }

    pub fn undo_operation(&mut self, id: OperationId) -> rusqlite::Result<Option<Operation>> {
        let Some(mut stored) = self.operation(id)? else { return Ok(None) };
        if stored.operation.state == OperationState::Waiting {
            stored.operation.state = OperationState::Undone;
            stored.operation.finished_at_ms = Some(self.now_ms);
            self.keep_operation(&stored)?;
        }
        Ok(Some(stored.operation))
    }

    pub fn step_operation(&mut self, id: OperationId, limit: u32) -> rusqlite::Result<StepResult> {
        let mut step =
            StepResult { operation: None, moved: vec![], changed: vec![], removed: vec![], resolves: false };
        let Some(mut stored) = self.operation(id)? else { return Ok(step) };
        if matches!(stored.operation.state, OperationState::Done | OperationState::Undone) {
            return Ok(step);
        }
        let jobs = self.next_jobs(&stored, limit as usize)?;
        let mut removed = BTreeMap::new();
        for job in jobs.iter().filter(|job| stored.operation.filter.matches(job)) {
            let is_done = self.do_to(job, stored.operation.action, &mut step, &mut removed)?;
            stored.operation.done += u64::from(is_done);
        }
        step.removed = removed.into_values().collect();
        if let Some(last) = jobs.last() {
            stored.looked_to = i64::try_from(last.id.0).unwrap_or(i64::MAX);
        }
        let operation = &mut stored.operation;
        operation.looked_at += jobs.len() as u64;
        operation.state = OperationState::Running;
        if jobs.len() < limit as usize {
            operation.state = OperationState::Done;
            operation.finished_at_ms = Some(self.now_ms);
        }
        self.keep_operation(&stored)?;
        step.operation = Some(stored.operation);
        Ok(step)
    }

    /// The next jobs that it looks at.
    fn next_jobs(&self, stored: &StoredOperation, limit: usize) -> rusqlite::Result<Vec<JobSummary>> {
        let mut jobs = Vec::new();
        let Some(scope) = bulk::looked_at(stored.operation.action, &stored.operation.filter) else {
            return Ok(jobs);
        };
        let snapshot = self.as_read();
        let mut walk = Walk::begin(&snapshot, &scope, SortOrder::Oldest, Some(stored.looked_to))?;
        while jobs.len() < limit {
            let next = walk.next(&snapshot, SortOrder::Oldest, limit - jobs.len())?;
            let is_end = next.is_empty() || next.last().is_some_and(|job| job.id.0 > stored.last);
            // A walk through a batch does not mind the queue.
            jobs.extend(next.into_iter().filter(|job| job.id.0 <= stored.last && scope.matches(job)));
            if is_end {
                break;
            }
        }
        Ok(jobs)
    }

    /// Answers whether anything changed.
    fn do_to(
        &mut self,
        job: &JobSummary,
        action: BulkAction,
        step: &mut StepResult,
        removed: &mut BTreeMap<(i64, JobState), ClearedGroup>,
    ) -> rusqlite::Result<bool> {
        match action {
            BulkAction::Cancel {} => {
                let CancelResult::Cancelled { moved, resolves } = self.cancel(job.id)? else {
                    return Ok(false);
                };
                step.moved.push(moved);
                step.resolves |= resolves;
            }
            BulkAction::Retry {} => {
                let RetryResult::Retried(moved) = self.retry(job.id)? else { return Ok(false) };
                step.moved.push(moved);
            }
            BulkAction::Delete {} => {
                let DeleteResult::Deleted { group, resolves } = self.delete(job.id)? else {
                    return Ok(false);
                };
                step.resolves |= resolves;
                let queue = self.known_queue(&job.queue).map_or(0, |(id, _)| id);
                let all = removed.entry((queue, group.state)).or_insert_with(|| ClearedGroup {
                    queue: Arc::clone(&group.queue),
                    state: group.state,
                    ids: Vec::new(),
                });
                all.ids.extend(group.ids);
            }
            BulkAction::Reprioritise { priority } => {
                if job.priority == priority {
                    return Ok(false);
                }
                let PriorityResult::Set(job) = self.set_priority(job.id, priority)? else { return Ok(false) };
                step.changed.push(job);
            }
        }
        Ok(true)
    }

    fn operation(&self, id: OperationId) -> rusqlite::Result<Option<StoredOperation>> {
        // A number that no operation can have.
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        self.prepared(OPERATION)?.query_row([id], read).optional()
    }

    fn keep_operation(&mut self, stored: &StoredOperation) -> rusqlite::Result<()> {
        let operation = &stored.operation;
        self.prepared(STEPPED)?.execute(params![
            operation.id.0,
            state_code(operation.state),
            operation.finished_at_ms,
            operation.looked_at,
            operation.done,
            stored.looked_to,
        ])?;
        if operation.finished_at_ms.is_some() {
            self.prepared(FORGET)?.execute([MAX_KEPT_OPERATIONS])?;
        }
        self.changed = true;
        Ok(())
    }

    /// What this transaction sees, for what readers do as well.
    fn as_read(&self) -> Snapshot<'_> {
        let queues = self.standing.all().into_iter();
        let queues = queues.map(|(id, name)| (name.to_string(), self.standing.counts_of(id))).collect();
        Snapshot { conn: self.conn, as_of: self.standing.seq, queues }
    }
}

/// A row of [`OPERATION`].
fn read(row: &SqlRow<'_>) -> rusqlite::Result<StoredOperation> {
    let (action, filter): (String, String) = (row.get(1)?, row.get(2)?);
    let state = match row.get(3)? {
        0 => OperationState::Waiting,
        1 => OperationState::Running,
        2 => OperationState::Done,
        3 => OperationState::Undone,
        code => return Err(unknown_code(code)),
    };
    Ok(StoredOperation {
        operation: Operation {
            id: OperationId(row.get(0)?),
            action: from_json(&action)?,
            filter: from_json(&filter)?,
            state,
            created_at_ms: row.get(4)?,
            starts_at_ms: row.get(5)?,
            finished_at_ms: row.get(6)?,
            looked_at: row.get(7)?,
            to_look_at: row.get(8)?,
            done: row.get(9)?,
        },
        looked_to: row.get(10)?,
        last: row.get(11)?,
    })
}

const fn state_code(state: OperationState) -> i64 {
    match state {
        OperationState::Waiting => 0,
        OperationState::Running => 1,
        OperationState::Done => 2,
        OperationState::Undone => 3,
    }
}
