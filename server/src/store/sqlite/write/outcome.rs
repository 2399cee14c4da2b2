//! What happens to a job once it is there: reports, outcomes, cancels, retries and priorities.

use std::sync::Arc;

use rusqlite::params;
use serde_json::Value;
use taskyard_shared::job::{FileRef, JobId, JobState, JobSummary, Progress};

use super::super::rows::{FileRole, Flags, state_code};
use super::transaction::{Row, Transaction};
use crate::store::KEPT_ATTEMPTS;
use crate::store::ops::{
    AttemptEnd, CancelResult, FinishResult, Moved, PriorityResult, Released, RetryResult,
};
use crate::store::transition::{self, ArchivedOutcome, Leftover};

pub(super) const REPORT: &str =
    "UPDATE job SET progress = ?3 WHERE id = ?1 AND attempt = ?2 AND state = ?4 AND progress <> ?3";
pub(super) const FORGET_ATTEMPTS: &str = "DELETE FROM past_attempt WHERE job_id = ?1 AND number <= ?2";
pub(super) const FORGET_LINES: &str = "DELETE FROM log_line WHERE job_id = ?1 AND attempt <= ?2";
pub(super) const FORGET_OUTPUT: &str = "DELETE FROM job_output WHERE job_id = ?1";
pub(super) const SET_PRIORITY: &str = "UPDATE job SET priority = ?2 WHERE id = ?1";
pub(super) const FULL_ERROR: &str = "SELECT error FROM job_output WHERE job_id = ?1";

impl Transaction<'_> {
    pub fn finish(
        &mut self,
        id: JobId,
        attempt: u32,
        end: &AttemptEnd,
        artifacts: &[FileRef],
    ) -> rusqlite::Result<Option<FinishResult>> {
        let Some(mut row) = self.row_at_work(id)? else { return Ok(None) };
        let Some(left) = transition::finish(&mut row.job, attempt, end, self.now_ms) else { return Ok(None) };
        let is_limited = row.flags.has(Flags::LIMITED);
        row.flags.set(Flags::LIMITED, false);
        self.change(&mut row, JobState::Processing)?;
        if let Some(outcome) = left.archived {
            self.archive(&row, self.now_ms, outcome, left.error.or(left.reason))?;
        }
        self.keep_output(&row.job, &left)?;
        for file in artifacts {
            self.insert_file("INSERT OR REPLACE", id, FileRole::Artifact, file)?;
        }
        let released = if is_limited { self.give_back(id, attempt..=attempt)? } else { Released::new() };
        let resolves = self.tell_end(&row)?;
        Ok(Some(FinishResult { job: Arc::new(row.job), released, resolves }))
    }

    /// The work of every attempt but one that runs now has ended.
    pub fn work_ended(&mut self, id: JobId) -> rusqlite::Result<Released> {
        let before = match self.row(id)? {
            Some(row) if row.job.state == JobState::Processing => row.job.attempt,
            _ => u32::MAX,
        };
        self.give_back(id, 0..=before.saturating_sub(1))
    }

    pub fn report(&mut self, reports: &[(JobId, u32, Progress)]) -> rusqlite::Result<Vec<(JobId, Progress)>> {
        let mut update = self.prepared(REPORT)?;
        let mut changed = Vec::new();
        for (id, attempt, progress) in reports {
            // A number that no job can have.
            let Ok(key) = i64::try_from(id.0) else { continue };
            let processing = state_code(JobState::Processing);
            if update.execute(params![key, attempt, progress.thousandths(), processing])? > 0 {
                self.standing.at_work.forget(*id);
                changed.push((*id, *progress));
            }
        }
        self.changed |= !changed.is_empty();
        Ok(changed)
    }

    pub fn cancel(&mut self, id: JobId) -> rusqlite::Result<CancelResult> {
        let Some(mut row) = self.row(id)? else { return Ok(CancelResult::NotFound) };
        let from = row.job.state;
        if !transition::cancel(&mut row.job, self.now_ms) {
            return Ok(CancelResult::AlreadyFinished(from));
        }
        self.change(&mut row, from)?;
        let resolves = self.tell_end(&row)?;
        Ok(CancelResult::Cancelled { moved: Moved { job: Arc::new(row.job), from }, resolves })
    }

    pub fn retry(&mut self, id: JobId) -> rusqlite::Result<RetryResult> {
        let Some(mut row) = self.row(id)? else { return Ok(RetryResult::NotFound) };
        let from = row.job.state;
        let ended_at_ms = row.job.finished_at_ms;
        let waits = self.is_unmet(&row)?;
        if !transition::retry(&mut row.job, waits, self.now_ms) {
            return Ok(RetryResult::WrongState(from));
        }
        self.change(&mut row, from)?;
        if let Some(ended_at_ms) = ended_at_ms {
            let (outcome, error) = match from {
                JobState::Failed => (ArchivedOutcome::Failed, self.full_error(&row.job)?),
                _ => (ArchivedOutcome::Cancelled, None),
            };
            self.archive(&row, ended_at_ms, outcome, error.as_deref())?;
        }
        Ok(RetryResult::Retried(Moved { job: Arc::new(row.job), from }))
    }

    pub fn set_priority(&mut self, id: JobId, priority: i16) -> rusqlite::Result<PriorityResult> {
        let Some(mut row) = self.row(id)? else { return Ok(PriorityResult::NotFound) };
        if !row.job.state.is_first() {
            return Ok(PriorityResult::WrongState(row.job.state));
        }
        if row.job.priority != priority {
            row.job.priority = priority;
            self.prepared(SET_PRIORITY)?.execute(params![id.0, priority])?;
            self.changed = true;
        }
        Ok(PriorityResult::Set(Arc::new(row.job)))
    }

    /// Keeps the latest attempt apart from the row, which will tell of the next one. One that is kept
    /// already stays as it is: a job cancelled while it waited had ended its attempt before.
    pub fn archive(
        &self,
        row: &Row,
        ended_at_ms: i64,
        outcome: ArchivedOutcome,
        error: Option<&str>,
    ) -> rusqlite::Result<()> {
        let job = &row.job;
        if job.attempt == 0 {
            return Ok(());
        }
        self.prepared(
            "INSERT OR IGNORE INTO past_attempt (job_id, number, started_at_ms, ended_at_ms, outcome, error) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            job.id.0,
            job.attempt,
            job.started_at_ms,
            ended_at_ms,
            outcome_code(outcome),
            error
        ])?;
        if job.attempt as usize > KEPT_ATTEMPTS {
            let last = job.attempt as usize - KEPT_ATTEMPTS;
            self.prepared(FORGET_ATTEMPTS)?.execute(params![job.id.0, last])?;
            if row.flags.has(Flags::LOGGED) {
                self.prepared(FORGET_LINES)?.execute(params![job.id.0, last])?;
            }
        }
        Ok(())
    }

    /// Keeps what the row has no room for. Most jobs leave nothing of the kind.
    fn keep_output(&self, job: &JobSummary, left: &Leftover<'_>) -> rusqlite::Result<()> {
        let result = left.result.filter(|result| **result != Value::Null).map(Value::to_string);
        let error = left.error.filter(|full| job.error.as_deref() != Some(*full));
        if result.is_some() || error.is_some() || left.reused.is_some() {
            self.keep(job.id, result.as_deref(), error, left.reused)?;
        }
        Ok(())
    }

    pub fn keep(
        &self,
        id: JobId,
        result: Option<&str>,
        error: Option<&str>,
        reused: Option<JobId>,
    ) -> rusqlite::Result<()> {
        self.prepared(
            "INSERT OR REPLACE INTO job_output (job_id, result, error, reused_job_id) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id.0, result, error, reused.map(|id| id.0)])?;
        Ok(())
    }

    /// The error that the row tells of is about to make room for nothing, or for another one.
    pub fn forget_error(&self, row: &Row) -> rusqlite::Result<()> {
        // Only a job that failed before has an error to clear away.
        if row.job.error.is_some() {
            self.prepared(FORGET_OUTPUT)?.execute([row.job.id.0])?;
        }
        Ok(())
    }

    fn full_error(&self, job: &JobSummary) -> rusqlite::Result<Option<String>> {
        let mut select = self.prepared(FULL_ERROR)?;
        let mut found = select.query([job.id.0])?;
        let kept = found.next()?.map(|row| row.get::<_, Option<String>>(0)).transpose()?.flatten();
        Ok(kept.or_else(|| job.error.clone()))
    }
}

/// An outcome as the column `outcome` has it.
pub(super) const fn outcome_code(outcome: ArchivedOutcome) -> i64 {
    match outcome {
        ArchivedOutcome::Failed => 1,
        ArchivedOutcome::Cancelled => 2,
        ArchivedOutcome::Lost => 3,
        ArchivedOutcome::Released => 4,
        ArchivedOutcome::Snoozed => 5,
    }
}
