//! Jobs that wait for others. The end of a job is queued, and those that wait for it are told of it in bounded steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use taskyard_shared::job::{DependencyState, JobId, JobState};
use taskyard_shared::new_job::OnFailure;

use super::super::rows::{self, Flags, dependency_code, unknown_code};
use super::transaction::{Row, Transaction};
use crate::store::endings::Ending;
use crate::store::ops::Moved;
use crate::store::transition;

/// The first jobs whose wait for this one is in this state.
pub(super) const WAITING: &str = "SELECT job_id FROM dependency INDEXED BY dependency_on \
     WHERE on_job_id = ?1 AND state = ?2 ORDER BY job_id LIMIT ?3";
pub(super) const SET_STATE: &str = "UPDATE dependency SET state = ?3 WHERE job_id = ?1 AND on_job_id = ?2";
pub(super) const MEET_ONE: &str = "UPDATE job_wait SET unmet = unmet - 1 WHERE job_id = ?1 RETURNING unmet";
pub(super) const IS_UNMET: &str = "SELECT 1 FROM job_wait WHERE job_id = ?1 AND unmet > 0";
pub(super) const OPTIONS: &str = "SELECT options FROM job_args WHERE job_id = ?1";
pub(super) const HAS_ENDED: &str = "SELECT state FROM job WHERE id = ?1 AND finished_at_ms IS NOT NULL";
/// The results that a job takes up are wanted by so many more.
pub(super) const WANT_RESULTS: &str = "UPDATE job SET result_wanted = result_wanted + ?2 \
     WHERE id IN (SELECT on_job_id FROM dependency WHERE job_id = ?1)";
pub(super) const FORGET_END: &str = "DELETE FROM ended WHERE number = ?1";

impl Transaction<'_> {
    /// The job waits for these from now on.
    pub fn insert_waits(&mut self, job: JobId, on: &BTreeSet<JobId>) -> rusqlite::Result<()> {
        let mut insert =
            self.prepared("INSERT INTO dependency (job_id, on_job_id, state) VALUES (?1, ?2, ?3)")?;
        for on in on {
            insert.execute(params![job.0, on.0, dependency_code(DependencyState::Open)])?;
        }
        self.prepared("INSERT INTO job_wait (job_id, unmet) VALUES (?1, ?2)")?
            .execute(params![job.0, on.len()])?;
        Ok(())
    }

    /// The job takes up results from now on (1), or does no more (-1).
    pub fn want_results(&self, job: JobId, change: i64) -> rusqlite::Result<()> {
        self.prepared(WANT_RESULTS)?.execute(params![job.0, change])?;
        Ok(())
    }

    /// Somebody waits for the job from now on.
    pub fn mark_awaited(&mut self, id: JobId) -> rusqlite::Result<()> {
        self.mark(id, Flags::HAS_DEPENDENTS)
    }

    /// How the job has ended, if it has.
    pub fn ending(&self, id: JobId) -> rusqlite::Result<Option<Ending>> {
        let state = self.prepared(HAS_ENDED)?.query_row([id.0], |row| row.get(0)).optional()?;
        Ok(state.map(rows::state).transpose()?.and_then(Ending::of))
    }

    /// Has those who wait for the job told, if it has ended and there are any. Answers whether there are.
    pub fn tell_end(&mut self, row: &Row) -> rusqlite::Result<bool> {
        match Ending::of(row.job.state) {
            Some(ending) if row.flags.has(Flags::HAS_DEPENDENTS) => self.tell(row.job.id, ending),
            _ => Ok(false),
        }
    }

    /// The same for an end that its row does not tell.
    pub fn tell(&mut self, id: JobId, ending: Ending) -> rusqlite::Result<bool> {
        let concerns = !self.concerned(id, ending, 1)?.is_empty();
        if concerns {
            self.prepared("INSERT INTO ended (job_id, how) VALUES (?1, ?2)")?
                .execute(params![id.0, ending_code(ending)])?;
            self.changed = true;
        }
        Ok(concerns)
    }

    /// Whether one of those that the job comes after has not ended well.
    pub fn is_unmet(&self, row: &Row) -> rusqlite::Result<bool> {
        Ok(row.flags.has(Flags::HAS_DEPENDENCIES) && self.prepared(IS_UNMET)?.exists([row.job.id.0])?)
    }

    /// Tells up to `limit` jobs of ends. Answers those that moved, and whether there are more to tell.
    pub fn resolve(&mut self, limit: u32) -> rusqlite::Result<(Vec<Moved>, bool)> {
        let mut moved = Vec::new();
        let mut left = limit as usize;
        while let Some((number, on, ending)) = self.first_end()? {
            let concerned = self.concerned(on, ending, left)?;
            left -= concerned.len();
            for job in concerned {
                moved.extend(self.told(job, on, ending)?);
            }
            if left == 0 {
                break;
            }
            self.prepared(FORGET_END)?.execute([number])?;
            self.changed = true;
        }
        Ok((moved, self.has_unresolved()?))
    }

    pub fn has_unresolved(&self) -> rusqlite::Result<bool> {
        self.prepared("SELECT 1 FROM ended LIMIT 1")?.exists([])
    }

    /// The first jobs that are to be told that `on` has ended like this, blocked ones last.
    fn concerned(&self, on: JobId, ending: Ending, most: usize) -> rusqlite::Result<Vec<JobId>> {
        let mut concerned = Vec::new();
        let states = [DependencyState::Open, DependencyState::Blocked];
        for state in states.into_iter().filter(|state| ending.concerns(*state)) {
            let mut select = self.prepared(WAITING)?;
            let left = most - concerned.len();
            let found =
                select.query_map(params![on.0, dependency_code(state), left], |row| row.get(0).map(JobId))?;
            for job in found {
                concerned.push(job?);
            }
        }
        Ok(concerned)
    }

    fn first_end(&self) -> rusqlite::Result<Option<(i64, JobId, Ending)>> {
        self.prepared("SELECT number, job_id, how FROM ended ORDER BY number LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, JobId(row.get(1)?), ending(row.get(2)?)?)))
            .optional()
    }

    /// The job is told that `on` has ended.
    fn told(&mut self, job: JobId, on: JobId, ending: Ending) -> rusqlite::Result<Option<Moved>> {
        // The rule does not matter for those that completed, and they are most of all.
        let rule = if ending == Ending::Completed { OnFailure::default() } else { self.rule(job)? };
        let becomes = ending.wait_becomes(rule);
        self.prepared(SET_STATE)?.execute(params![job.0, on.0, dependency_code(becomes)])?;
        self.changed = true;
        let unmet: Option<i64> = match becomes {
            DependencyState::Met => {
                self.prepared(MEET_ONE)?.query_row([job.0], |row| row.get(0)).optional()?
            }
            DependencyState::Open | DependencyState::Blocked => None,
        };
        if ending.cancels(rule) {
            self.cancel_waiting(job, on, ending)
        } else if unmet == Some(0) {
            self.stop_waiting(job)
        } else {
            Ok(None)
        }
    }

    fn cancel_waiting(&mut self, job: JobId, on: JobId, ending: Ending) -> rusqlite::Result<Option<Moved>> {
        let Some(mut row) = self.row(job)? else { return Ok(None) };
        if row.job.state != JobState::Waiting {
            return Ok(None);
        }
        self.forget_error(&row)?;
        transition::cancel_after(&mut row.job, on, ending == Ending::Deleted, self.now_ms);
        self.change(&mut row, JobState::Waiting)?;
        self.tell_end(&row)?;
        Ok(Some(Moved { job: Arc::new(row.job), from: JobState::Waiting }))
    }

    fn stop_waiting(&mut self, job: JobId) -> rusqlite::Result<Option<Moved>> {
        let Some(mut row) = self.row(job)? else { return Ok(None) };
        if !transition::stop_waiting(&mut row.job, self.now_ms) {
            return Ok(None);
        }
        self.change(&mut row, JobState::Waiting)?;
        Ok(Some(Moved { job: Arc::new(row.job), from: JobState::Waiting }))
    }

    fn rule(&self, job: JobId) -> rusqlite::Result<OnFailure> {
        let text = self.prepared(OPTIONS)?.query_row([job.0], |row| row.get(0)).optional()?.flatten();
        Ok(rows::options(text)?.on_failure)
    }
}

const fn ending_code(ending: Ending) -> i64 {
    match ending {
        Ending::Completed => 0,
        Ending::NotCompleted => 1,
        Ending::Deleted => 2,
    }
}

fn ending(code: i64) -> rusqlite::Result<Ending> {
    Ok(match code {
        0 => Ending::Completed,
        1 => Ending::NotCompleted,
        2 => Ending::Deleted,
        _ => return Err(unknown_code(code)),
    })
}
