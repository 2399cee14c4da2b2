//! New jobs.

use std::sync::Arc;

use rusqlite::params;
use taskyard_shared::job::{FileRef, JobId, JobState, JobSummary};

use super::super::rows::{FileRole, state_code};
use super::transaction::Transaction;
use crate::store::ops::JobInsert;
use crate::store::transition;

impl Transaction<'_> {
    pub fn insert(&mut self, jobs: &[JobInsert]) -> rusqlite::Result<Vec<Arc<JobSummary>>> {
        let mut row = self.prepared(
            "INSERT INTO job (id, queue_id, state, progress, attempt, created_at_ms, has_inputs, kind, name, detail) \
             VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let mut args = self.prepared("INSERT INTO job_args (job_id, args) VALUES (?1, ?2)")?;
        let mut inserted = Vec::with_capacity(jobs.len());
        for job in jobs {
            let queue = self.queue(&job.queue)?;
            self.standing.last_job_id += 1;
            let id = JobId(self.standing.last_job_id);
            row.execute(params![
                id.0,
                queue,
                state_code(JobState::Pending),
                self.now_ms,
                !job.inputs.is_empty(),
                &*job.kind,
                job.name,
                job.detail,
            ])?;
            args.execute(params![id.0, job.args])?;
            for file in &job.inputs {
                self.insert_file("INSERT", id, FileRole::Input, file)?;
            }
            self.standing.counts(queue)?[JobState::Pending] += 1;
            self.changed = true;
            inserted.push(Arc::new(transition::inserted(id, job, self.now_ms)));
        }
        Ok(inserted)
    }

    /// `how`: `INSERT` refuses a second file of that name, `INSERT OR REPLACE` replaces the first.
    pub fn insert_file(&self, how: &str, id: JobId, role: FileRole, file: &FileRef) -> rusqlite::Result<()> {
        let sql = format!(
            "{how} INTO file (job_id, role, name, sha256, bytes, media_type) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        );
        self.prepared(&sql)?.execute(params![
            id.0,
            role as i64,
            file.name,
            file.sha256,
            file.bytes,
            file.media_type
        ])?;
        Ok(())
    }
}
