//! What happens to a job once it is there: reports, outcomes, cancels and retries.

use std::sync::Arc;

use rusqlite::params;
use serde_json::Value;
use taskyard_shared::job::{FileRef, JobId, JobState, JobSummary, Progress};

use super::super::rows::{FileRole, state_code};
use super::transaction::Transaction;
use crate::store::KEPT_ATTEMPTS;
use crate::store::ops::{AttemptEnd, CancelResult, RetryResult};
use crate::store::transition::{self, ArchivedOutcome, Leftover};

pub(super) const REPORT: &str =
    "UPDATE job SET progress = ?3 WHERE id = ?1 AND attempt = ?2 AND state = ?4 AND progress <> ?3";
pub(super) const FORGET_ATTEMPTS: &str = "DELETE FROM past_attempt WHERE job_id = ?1 AND number <= ?2";
pub(super) const FULL_ERROR: &str = "SELECT error FROM job_output WHERE job_id = ?1";

impl Transaction<'_> {
    pub fn finish(
        &mut self,
        id: JobId,
        attempt: u32,
        end: &AttemptEnd,
        artifacts: &[FileRef],
    ) -> rusqlite::Result<Option<Arc<JobSummary>>> {
        let Some((mut job, queue)) = self.row(id)? else { return Ok(None) };
        let Some(left) = transition::finish(&mut job, attempt, end, self.now_ms) else { return Ok(None) };
        self.change(&job, queue, JobState::Processing)?;
        if let Some(outcome) = left.archived {
            self.archive(&job, self.now_ms, outcome, left.error)?;
        }
        self.keep_output(&job, &left)?;
        for file in artifacts {
            self.insert_file("INSERT OR REPLACE", id, FileRole::Artifact, file)?;
        }
        Ok(Some(Arc::new(job)))
    }

    pub fn report(&mut self, reports: &[(JobId, u32, Progress)]) -> rusqlite::Result<Vec<(JobId, Progress)>> {
        let mut update = self.prepared(REPORT)?;
        let mut changed = Vec::new();
        for (id, attempt, progress) in reports {
            // A number that no job can have.
            let Ok(key) = i64::try_from(id.0) else { continue };
            let processing = state_code(JobState::Processing);
            if update.execute(params![key, attempt, progress.thousandths(), processing])? > 0 {
                changed.push((*id, *progress));
            }
        }
        self.changed |= !changed.is_empty();
        Ok(changed)
    }

    pub fn cancel(&mut self, id: JobId) -> rusqlite::Result<CancelResult> {
        let Some((mut job, queue)) = self.row(id)? else { return Ok(CancelResult::NotFound) };
        let from = job.state;
        if !transition::cancel(&mut job, self.now_ms) {
            return Ok(CancelResult::AlreadyFinished(from));
        }
        self.change(&job, queue, from)?;
        Ok(CancelResult::Cancelled { job: Arc::new(job), was_running: from == JobState::Processing })
    }

    pub fn retry(&mut self, id: JobId) -> rusqlite::Result<RetryResult> {
        let Some((mut job, queue)) = self.row(id)? else { return Ok(RetryResult::NotFound) };
        let from = job.state;
        let ended_at_ms = job.finished_at_ms.unwrap_or(self.now_ms);
        if !transition::retry(&mut job, self.now_ms) {
            return Ok(RetryResult::WrongState(from));
        }
        self.change(&job, queue, from)?;
        if from == JobState::Failed {
            let error = self.full_error(&job)?;
            self.archive(&job, ended_at_ms, ArchivedOutcome::Failed, error.as_deref())?;
        } else {
            self.archive(&job, ended_at_ms, ArchivedOutcome::Cancelled, None)?;
        }
        Ok(RetryResult::Retried { job: Arc::new(job), from })
    }

    /// Keeps the latest attempt apart from the row, which will tell of the next one. One that is kept
    /// already stays as it is: a job cancelled while it waited had ended its attempt before.
    pub fn archive(
        &self,
        job: &JobSummary,
        ended_at_ms: i64,
        outcome: ArchivedOutcome,
        error: Option<&str>,
    ) -> rusqlite::Result<()> {
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
            self.prepared(FORGET_ATTEMPTS)?
                .execute(params![job.id.0, job.attempt as usize - KEPT_ATTEMPTS])?;
        }
        Ok(())
    }

    /// Keeps what the row has no room for. Most jobs leave nothing of the kind.
    fn keep_output(&self, job: &JobSummary, left: &Leftover<'_>) -> rusqlite::Result<()> {
        let result = left.result.filter(|result| **result != Value::Null).map(Value::to_string);
        let error = left.error.filter(|full| job.error.as_deref() != Some(*full));
        if result.is_some() || error.is_some() {
            self.keep(job.id, result.as_deref(), error)?;
        }
        Ok(())
    }

    pub fn keep(&self, id: JobId, result: Option<&str>, error: Option<&str>) -> rusqlite::Result<()> {
        self.prepared("INSERT OR REPLACE INTO job_output (job_id, result, error) VALUES (?1, ?2, ?3)")?
            .execute(params![id.0, result, error])?;
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
    }
}
