//! What can be told of why a job waits.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Rows, params};
use serde_json::Value;
use taskyard_shared::job::{Dependency, DependencyState, JobId, JobState, JobSummary};

use super::super::rows::{self, JOB_COLUMNS, dependency_code, from_json, job_columns, state_code};
use super::Snapshot;
use crate::limits::{LimitBook, LimitRef, MeterUse, key_of};
use crate::store::{MAX_COUNTED_AHEAD, MAX_NAMED_WAITS, WaitingFacts};

pub(super) const FACTS: &str = concat!(
    "SELECT ",
    job_columns!(),
    ", args, options FROM job CROSS JOIN job_args ON job_id = id WHERE id = ?1"
);
pub(super) const UNMET: &str = "SELECT on_job_id, state FROM dependency WHERE job_id = ?1 AND state = ?2 \
     ORDER BY on_job_id LIMIT ?3";
pub(super) const UNMET_COUNT: &str = "SELECT unmet FROM job_wait WHERE job_id = ?1";
/// Pending jobs of a higher priority, and those of the same that were added earlier.
pub(super) const HIGHER: &str = "SELECT 1 FROM job INDEXED BY job_by_state \
     WHERE queue_id = ?1 AND state = ?2 AND priority > ?3 LIMIT ?4";
pub(super) const EARLIER: &str = "SELECT 1 FROM job INDEXED BY job_by_state \
     WHERE queue_id = ?1 AND state = ?2 AND priority = ?3 AND id < ?5 LIMIT ?4";
pub(super) const METER: &str = "SELECT running, arrival_us FROM meter \
     WHERE limit_id = (SELECT id FROM limit_rule WHERE name = ?1) AND key = ?2";

impl Snapshot<'_> {
    pub fn waiting_facts(&self, id: JobId) -> rusqlite::Result<Option<WaitingFacts>> {
        // A number that no job can have.
        let Ok(key) = i64::try_from(id.0) else { return Ok(None) };
        let found = self
            .conn
            .prepare_cached(FACTS)?
            .query_row([key], |row| {
                let queue = rows::queue_id(row)?;
                let job = rows::summary(row, self.queue_name(queue)?)?;
                let args: String = row.get(JOB_COLUMNS)?;
                Ok((job, queue, args, rows::options(row.get(JOB_COLUMNS + 1)?)?))
            })
            .optional()?;
        let Some((job, queue, args, options)) = found else { return Ok(None) };
        let ahead = self.ahead(queue, &job)?;
        let waits_for_count = self
            .conn
            .prepare_cached(UNMET_COUNT)?
            .query_row([key], |row| row.get(0))
            .optional()?
            .unwrap_or_default();
        Ok(Some(WaitingFacts {
            waits_for: self.waits_for(key)?,
            waits_for_count,
            ahead: ahead.min(MAX_COUNTED_AHEAD),
            ahead_at_least: ahead > MAX_COUNTED_AHEAD,
            limits: self.what_limits(&job, &args)?,
            options,
            job,
        }))
    }

    /// Blocked ones first.
    fn waits_for(&self, id: i64) -> rusqlite::Result<Vec<Dependency>> {
        let mut unmet = Vec::new();
        let mut select = self.conn.prepare_cached(UNMET)?;
        for state in [DependencyState::Blocked, DependencyState::Open] {
            let most = MAX_NAMED_WAITS - unmet.len();
            for dependency in select.query_map(params![id, dependency_code(state), most], rows::dependency)? {
                unmet.push(dependency?);
            }
        }
        Ok(unmet)
    }

    /// How many jobs a claim takes first, counted to one more than wanted.
    fn ahead(&self, queue: i64, job: &JobSummary) -> rusqlite::Result<u64> {
        if !job.state.is_first() {
            return Ok(0);
        }
        let pending = state_code(JobState::Pending);
        let most = MAX_COUNTED_AHEAD + 1;
        let mut higher = self.conn.prepare_cached(HIGHER)?;
        let higher = count(higher.query(params![queue, pending, job.priority, most])?)?;
        let mut earlier = self.conn.prepare_cached(EARLIER)?;
        let earlier = earlier.query(params![queue, pending, job.priority, most - higher, job.id.0])?;
        Ok(higher + count(earlier)?)
    }

    /// Every limit that applies to the job: those of its whole queue first.
    fn what_limits(
        &self,
        job: &JobSummary,
        args: &str,
    ) -> rusqlite::Result<Vec<(LimitRef, String, MeterUse)>> {
        let mut rules = self.conn.prepare_cached("SELECT rule FROM limit_rule")?;
        let mut limits = Vec::new();
        for rule in rules.query_map([], |row| row.get::<_, String>(0))? {
            limits.push(from_json(&rule?)?);
        }
        let book = LimitBook::new(limits);
        let args: Value = if book.is_empty() { Value::Null } else { from_json(args)? };
        let applied = book.whole_queue(&job.queue).chain(book.for_job(&job.queue, &job.kind));
        applied
            .map(|limit| {
                let key = key_of(limit, &args);
                let uses = self
                    .conn
                    .prepare_cached(METER)?
                    .query_row(params![limit.name, key], |row| {
                        Ok(MeterUse { running: row.get(0)?, arrival_us: row.get(1)? })
                    })
                    .optional()?;
                Ok((Arc::clone(limit), key, uses.unwrap_or_default()))
            })
            .collect()
    }
}

fn count(mut rows: Rows<'_>) -> rusqlite::Result<u64> {
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}
