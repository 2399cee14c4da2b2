//! Everything about one job, and its files.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;
use taskyard_shared::job::{
    Attempt, AttemptOutcome, Dependency, DependencyState, FileRef, JobDetail, JobId, JobState, JobSummary,
};
use taskyard_shared::limits::MAX_SHOWN_DEPENDENTS;

use super::super::rows::{
    self, FILES, FileRole, JOB_COLUMNS, dependency_code, from_json, job_columns, unknown_code,
};
use super::Snapshot;
use crate::store::KEPT_ATTEMPTS;
use crate::store::transition::outcome_of_row;

pub(super) const DETAIL: &str = concat!(
    "SELECT ",
    job_columns!(),
    ", args, options, (SELECT result FROM job_output WHERE job_id = id), \
     (SELECT job_output.error FROM job_output WHERE job_id = id), \
     (SELECT reused_job_id FROM job_output WHERE job_id = id) \
     FROM job CROSS JOIN job_args ON job_id = id WHERE id = ?1"
);
pub(super) const ATTEMPTS: &str = "SELECT number, started_at_ms, ended_at_ms, outcome, error FROM past_attempt \
     WHERE job_id = ?1 ORDER BY number";
pub(super) const AFTER: &str = "SELECT on_job_id, state FROM dependency WHERE job_id = ?1 ORDER BY on_job_id";
pub(super) const BEFORE: &str = "SELECT job_id, state FROM dependency INDEXED BY dependency_on \
     WHERE on_job_id = ?1 AND state = ?2 ORDER BY job_id LIMIT ?3";
pub(super) const ARTIFACT: &str =
    "SELECT name, sha256, bytes, media_type FROM file WHERE job_id = ?1 AND role = ?2 AND name = ?3";
pub(super) const IN_USE: &str = "SELECT 1 FROM file INDEXED BY file_by_content WHERE sha256 = ?1 LIMIT 1";
pub(super) const IN_A_SCHEDULE: &str =
    "SELECT 1 FROM schedule_file INDEXED BY schedule_file_by_content WHERE sha256 = ?1 LIMIT 1";

impl Snapshot<'_> {
    pub fn detail(&self, id: JobId) -> rusqlite::Result<Option<JobDetail>> {
        // A number that no job can have.
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        let found = self
            .conn
            .prepare_cached(DETAIL)?
            .query_row([id], |row| {
                let job = rows::summary(row, self.queue_name(rows::queue_id(row)?)?)?;
                let args: Value = from_json(&row.get::<_, String>(JOB_COLUMNS)?)?;
                let options = rows::options(row.get(JOB_COLUMNS + 1)?)?;
                let result: Option<String> = row.get(JOB_COLUMNS + 2)?;
                let error: Option<String> = row.get(JOB_COLUMNS + 3)?;
                let reused = row.get::<_, Option<u64>>(JOB_COLUMNS + 4)?.map(JobId);
                Ok((job, args, options, result, error, reused))
            })
            .optional()?;
        let Some((job, args, options, result, error, reused)) = found else { return Ok(None) };
        let result = match result {
            Some(text) => Some(from_json(&text)?),
            None => (job.state == JobState::Completed).then_some(Value::Null),
        };
        let error = error.or_else(|| job.error.clone());
        Ok(Some(JobDetail {
            attempts: self.attempts(id, &job, error.as_deref())?,
            inputs: self.files(id, FileRole::Input)?,
            artifacts: self.files(id, FileRole::Artifact)?,
            options,
            after: self.after(id)?,
            before: self.before(id)?,
            job,
            args,
            result,
            reused,
            error,
        }))
    }

    pub fn artifact(&self, id: JobId, name: &str) -> rusqlite::Result<Option<FileRef>> {
        let Ok(id) = i64::try_from(id.0) else { return Ok(None) };
        self.conn
            .prepare_cached(ARTIFACT)?
            .query_row(params![id, FileRole::Artifact as i64, name], rows::file)
            .optional()
    }

    pub fn unreferenced(&self, sha256: &[String]) -> rusqlite::Result<Vec<String>> {
        let mut in_use = self.conn.prepare_cached(IN_USE)?;
        let mut in_a_schedule = self.conn.prepare_cached(IN_A_SCHEDULE)?;
        let mut unreferenced = Vec::new();
        for sum in sha256 {
            if !in_use.exists([sum])? && !in_a_schedule.exists([sum])? {
                unreferenced.push(sum.clone());
            }
        }
        Ok(unreferenced)
    }

    fn files(&self, id: i64, role: FileRole) -> rusqlite::Result<Vec<FileRef>> {
        self.conn.prepare_cached(FILES)?.query_map(params![id, role as i64], rows::file)?.collect()
    }

    /// The jobs that it waits for, or waited for.
    fn after(&self, id: i64) -> rusqlite::Result<Vec<Dependency>> {
        self.conn.prepare_cached(AFTER)?.query_map([id], rows::dependency)?.collect()
    }

    /// The first of the jobs that wait for it, or waited for it.
    fn before(&self, id: i64) -> rusqlite::Result<Vec<Dependency>> {
        let mut before: Vec<Dependency> = Vec::new();
        let mut select = self.conn.prepare_cached(BEFORE)?;
        for state in [DependencyState::Open, DependencyState::Blocked, DependencyState::Met] {
            let found = select
                .query_map(params![id, dependency_code(state), MAX_SHOWN_DEPENDENTS], rows::dependency)?;
            for dependency in found {
                before.push(dependency?);
            }
        }
        before.sort_unstable_by_key(|dependency| dependency.job);
        before.truncate(MAX_SHOWN_DEPENDENTS);
        Ok(before)
    }

    /// Those that are kept apart, and the latest one from the job's own row unless it is among them.
    fn attempts(&self, id: i64, job: &JobSummary, error: Option<&str>) -> rusqlite::Result<Vec<Attempt>> {
        let mut attempts: Vec<Attempt> = self
            .conn
            .prepare_cached(ATTEMPTS)?
            .query_map([id], past_attempt)?
            .collect::<rusqlite::Result<_>>()?;
        let is_kept_apart = attempts.last().is_some_and(|last| last.number == job.attempt);
        if job.attempt > 0 && !is_kept_apart {
            let outcome = outcome_of_row(job.state);
            attempts.push(Attempt {
                number: job.attempt,
                started_at_ms: job.started_at_ms.unwrap_or_default(),
                ended_at_ms: job.finished_at_ms,
                outcome,
                error: error.filter(|_| outcome == Some(AttemptOutcome::Failed)).map(str::to_owned),
            });
        }
        if attempts.len() > KEPT_ATTEMPTS {
            attempts.drain(..attempts.len() - KEPT_ATTEMPTS);
        }
        Ok(attempts)
    }
}

fn past_attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let outcome = match row.get(3)? {
        1 => AttemptOutcome::Failed,
        2 => AttemptOutcome::Cancelled,
        3 | 4 => AttemptOutcome::Lost,
        5 => AttemptOutcome::Snoozed,
        code => return Err(unknown_code(code)),
    };
    Ok(Attempt {
        number: row.get(0)?,
        started_at_ms: row.get(1)?,
        ended_at_ms: Some(row.get(2)?),
        outcome: Some(outcome),
        error: row.get(4)?,
    })
}
