//! New jobs. First it is planned what becomes of each, then the plan is carried out.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{FileRef, JobId};

use super::super::read::answer::remembered;
use super::super::rows::{self, FileRole, Flags, options_text};
use super::transaction::{Row, Transaction};
use crate::store::insert_plan::{self, KeyHolder, Planned, Stored};
use crate::store::ops::{AddTerms, AfterInsert, InsertOutcome, InsertResult, JobInsert, Moved};
use crate::store::transition;

pub(super) const KEY_HOLDER: &str = "SELECT job.id, job.state, job.created_at_ms FROM unique_key \
     CROSS JOIN job ON job.id = unique_key.job_id WHERE key = ?1";
pub(super) const EXISTS: &str = "SELECT 1 FROM job WHERE id = ?1";
pub(super) const REPLACE: &str = "UPDATE job SET name = ?2, detail = ?3, priority = ?4, max_attempts = ?5, \
     has_inputs = ?6 WHERE id = ?1";
pub(super) const REPLACE_ARGS: &str = "UPDATE job_args SET args = ?2, options = ?3 WHERE job_id = ?1";
pub(super) const FORGET_INPUTS: &str = "DELETE FROM file WHERE job_id = ?1 AND role = ?2";

impl Stored for Transaction<'_> {
    type Error = rusqlite::Error;

    fn key_holder(&self, key: &str) -> rusqlite::Result<Option<KeyHolder>> {
        self.prepared(KEY_HOLDER)?
            .query_row([key], |row| {
                let (id, state) = (JobId(row.get(0)?), rows::state(row.get(1)?)?);
                Ok(KeyHolder { id, state, created_at_ms: row.get(2)? })
            })
            .optional()
    }

    fn exists(&self, id: JobId) -> rusqlite::Result<bool> {
        // A number that no job can have.
        let Ok(id) = i64::try_from(id.0) else { return Ok(false) };
        self.prepared(EXISTS)?.exists([id])
    }
}

/// An insert that is carried out.
#[derive(Default)]
pub(super) struct Inserting {
    batch: Option<BatchId>,
    /// The highest id before it: those above are its own.
    before: u64,
    /// Those of its jobs for which others of it wait: they are stored with their flag.
    awaited: BTreeSet<JobId>,
    /// Jobs that had ended before others came after them. Each is told of once.
    ended: BTreeSet<JobId>,
    resolves: bool,
}

impl Transaction<'_> {
    pub fn insert(&mut self, jobs: &[JobInsert], terms: &AddTerms) -> rusqlite::Result<InsertResult> {
        if let Some(idempotency) = &terms.idempotency
            && let Some(answer) = remembered(self.conn, idempotency, self.now_ms)?
        {
            return Ok(answer);
        }
        check(jobs)?;
        let before = self.standing.last_job_id;
        let plans = insert_plan::plan(jobs, terms, &*self, before, self.now_ms)?;
        let first = plans.iter().find_map(|plan| match plan {
            Planned::Insert(id) => Some(*id),
            _ => None,
        });
        let batch = terms.batch.as_ref().and(first).map(|first| BatchId(first.0));
        if let Some((name, id)) = terms.batch.as_ref().zip(batch) {
            self.prepared("INSERT INTO batch (id, name, created_at_ms) VALUES (?1, ?2, ?3)")?
                .execute(params![id.0, name, self.now_ms])?;
        }
        let awaited = awaited(jobs, &plans);
        let mut inserting = Inserting { batch, before, awaited, ..Inserting::default() };
        let mut outcomes = Vec::with_capacity(jobs.len());
        for (job, planned) in jobs.iter().zip(&plans) {
            outcomes.push(self.carry_out(job, planned, &plans, &mut inserting)?);
        }
        if let Some(idempotency) = &terms.idempotency {
            self.remember(idempotency, batch, insert_plan::remembered(&outcomes, terms.seats.as_ref()))?;
        }
        Ok(InsertResult::Done { batch, outcomes, resolves: inserting.resolves })
    }

    fn carry_out(
        &mut self,
        job: &JobInsert,
        planned: &Planned,
        plans: &[Planned],
        inserting: &mut Inserting,
    ) -> rusqlite::Result<InsertOutcome> {
        Ok(match planned {
            Planned::Insert(id) => self.insert_one(*id, job, plans, inserting)?,
            Planned::Existing(id) => InsertOutcome::Existing(*id),
            Planned::Replace(id) => InsertOutcome::Replaced(self.replace(*id, job)?),
            Planned::Refuse(error) => InsertOutcome::Refused(error.clone()),
            Planned::NotAdded => InsertOutcome::NotAdded,
        })
    }

    fn insert_one(
        &mut self,
        id: JobId,
        job: &JobInsert,
        plans: &[Planned],
        inserting: &mut Inserting,
    ) -> rusqlite::Result<InsertOutcome> {
        let mut row = Row {
            job: transition::inserted(id, job, inserting.batch, self.now_ms),
            queue: self.queue(&job.queue)?,
            flags: Flags::default(),
            held_by: None,
        };
        row.flags.set(Flags::HAS_DEPENDENTS, inserting.awaited.contains(&id));
        row.flags.set(Flags::HAS_DEPENDENCIES, !job.after.is_empty());
        row.flags.set(Flags::TAKES_RESULTS, job.takes_results);
        row.flags.set(Flags::UNIQUE, job.unique.is_some());
        self.insert_row(&row, !job.inputs.is_empty())?;
        self.insert_args(id, &job.args, &job.options)?;
        for file in &job.inputs {
            self.insert_file("INSERT", id, FileRole::Input, file)?;
        }
        if let Some(unique) = &job.unique {
            self.prepared("INSERT OR REPLACE INTO unique_key (key, job_id) VALUES (?1, ?2)")?
                .execute(params![unique.key, id.0])?;
        }
        if !job.after.is_empty() {
            let on: BTreeSet<JobId> = job.after.iter().filter_map(|after| on(*after, plans)).collect();
            self.wait_for(id, &on, inserting)?;
            if job.takes_results {
                self.want_results(id, 1)?;
            }
        }
        self.standing.last_job_id = id.0;
        Ok(InsertOutcome::Added(Arc::new(row.job)))
    }

    /// A job of its own, without a batch.
    pub fn insert_alone(&mut self, job: &JobInsert) -> rusqlite::Result<InsertOutcome> {
        match self.insert(std::slice::from_ref(job), &AddTerms::default())? {
            InsertResult::Done { mut outcomes, .. } => Ok(outcomes.remove(0)),
            InsertResult::Replayed { .. } | InsertResult::KeyReused => {
                unreachable!("it has no idempotency key")
            }
        }
    }

    /// The job waits for these from now on.
    fn wait_for(
        &mut self,
        job: JobId,
        on: &BTreeSet<JobId>,
        inserting: &mut Inserting,
    ) -> rusqlite::Result<()> {
        self.insert_waits(job, on)?;
        for on in on.iter().filter(|on| on.0 <= inserting.before) {
            self.mark_awaited(*on)?;
            if let Some(ending) = self.ending(*on)?.filter(|_| inserting.ended.insert(*on)) {
                inserting.resolves |= self.tell(*on, ending)?;
            }
        }
        Ok(())
    }

    /// The job that has the key gets what this one brings. A limit that held it back looks at it anew.
    fn replace(&mut self, id: JobId, by: &JobInsert) -> rusqlite::Result<Moved> {
        let mut row = self.row(id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let from = row.job.state;
        transition::replace(&mut row.job, by, self.now_ms);
        self.leave_meter(&mut row)?;
        let change = i64::from(by.takes_results) - i64::from(row.flags.has(Flags::TAKES_RESULTS));
        if change != 0 {
            self.want_results(id, change)?;
        }
        row.flags.set(Flags::TAKES_RESULTS, by.takes_results);
        self.change(&mut row, from)?;
        let job = row.job;
        self.prepared(REPLACE)?.execute(params![
            id.0,
            job.name,
            job.detail,
            job.priority,
            job.max_attempts,
            !by.inputs.is_empty()
        ])?;
        self.prepared(REPLACE_ARGS)?.execute(params![id.0, by.args, options_text(&by.options)?])?;
        self.prepared(FORGET_INPUTS)?.execute(params![id.0, FileRole::Input as i64])?;
        for file in &by.inputs {
            self.insert_file("INSERT", id, FileRole::Input, file)?;
        }
        Ok(Moved { job: Arc::new(job), from })
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

/// The job that another one comes after.
fn on(after: AfterInsert, plans: &[Planned]) -> Option<JobId> {
    match after {
        AfterInsert::Stored(id) => Some(id),
        AfterInsert::Inserted(place) => insert_plan::id_at(plans, place),
    }
}

/// The jobs of an insert for which others of it wait.
fn awaited(jobs: &[JobInsert], plans: &[Planned]) -> BTreeSet<JobId> {
    jobs.iter().flat_map(|job| &job.after).filter_map(|after| on(*after, plans)).collect()
}

fn check(jobs: &[JobInsert]) -> rusqlite::Result<()> {
    for job in jobs.iter().filter(|job| job.inputs.len() > 1) {
        let names: BTreeSet<&str> = job.inputs.iter().map(|file| file.name.as_str()).collect();
        if names.len() < job.inputs.len() {
            let reason = "two inputs of a job have the same name";
            return Err(rusqlite::Error::ToSqlConversionFailure(reason.into()));
        }
    }
    Ok(())
}
