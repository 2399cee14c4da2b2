//! Schedules: stored whole, and moved on with each run.

use rusqlite::{OptionalExtension, params};
use taskyard_shared::schedule::ScheduleStatus;

use super::super::rows::{from_json, to_json};
use super::transaction::Transaction;
use crate::store::ops::{Fire, FireResult, StoredSchedule, note_run};

pub(super) const SCHEDULE: &str = "SELECT status FROM schedule WHERE name = ?1";

pub(super) const FORGET_FILES: &str = "DELETE FROM schedule_file WHERE schedule = ?1";

impl Transaction<'_> {
    /// Sorted by name.
    pub fn schedules(&self) -> rusqlite::Result<Vec<StoredSchedule>> {
        self.prepared("SELECT status, job FROM schedule ORDER BY name")?
            .query_map([], |row| {
                let (status, job): (String, String) = (row.get(0)?, row.get(1)?);
                Ok(StoredSchedule { status: from_json(&status)?, job: from_json(&job)? })
            })?
            .collect()
    }

    pub fn set_schedule(&mut self, schedule: &StoredSchedule) -> rusqlite::Result<()> {
        let mut schedule = schedule.clone();
        if let Some(earlier) = self.schedule_status(&schedule.status.schedule.name)? {
            schedule.keep_history(&earlier);
        }
        let StoredSchedule { status, job } = &schedule;
        self.prepared("INSERT OR REPLACE INTO schedule (name, status, job) VALUES (?1, ?2, ?3)")?
            .execute(params![status.schedule.name, to_json(status)?, to_json(job)?])?;
        self.prepared(FORGET_FILES)?.execute([&status.schedule.name])?;
        for file in &job.inputs {
            self.prepared("INSERT OR IGNORE INTO schedule_file (schedule, sha256) VALUES (?1, ?2)")?
                .execute([&status.schedule.name, &file.sha256])?;
        }
        self.changed = true;
        Ok(())
    }

    /// Answers whether there was one.
    pub fn remove_schedule(&mut self, name: &str) -> rusqlite::Result<bool> {
        let existed = self.prepared("DELETE FROM schedule WHERE name = ?1")?.execute([name])? > 0;
        if existed {
            self.prepared(FORGET_FILES)?.execute([name])?;
            self.changed = true;
        }
        Ok(existed)
    }

    fn schedule_status(&self, name: &str) -> rusqlite::Result<Option<ScheduleStatus>> {
        let status: Option<String> =
            self.prepared(SCHEDULE)?.query_row([name], |row| row.get(0)).optional()?;
        status.map(|status| from_json(&status)).transpose()
    }

    pub fn fire(&mut self, fire: &Fire) -> rusqlite::Result<FireResult> {
        let Some(mut status) = self.schedule_status(&fire.name)? else {
            return Ok(FireResult::NoSuchSchedule);
        };
        fire.next_run.apply_to(&mut status);
        let is_in_the_way = match status.last_job.filter(|_| fire.unless_unfinished) {
            Some(id) => self.row(id)?.is_some_and(|row| !row.job.state.is_finished()),
            None => false,
        };
        let result = if is_in_the_way {
            note_run(&mut status, fire.run_at_ms, None);
            FireResult::Skipped { status: Box::new(status) }
        } else {
            let outcome = self.insert_alone(&fire.job)?;
            note_run(&mut status, fire.run_at_ms, Some(&outcome));
            FireResult::Fired { outcome, status: Box::new(status) }
        };
        if let FireResult::Fired { status, .. } | FireResult::Skipped { status } = &result {
            self.prepared("UPDATE schedule SET status = ?2 WHERE name = ?1")?
                .execute(params![fire.name, to_json(status)?])?;
            self.changed = true;
        }
        Ok(result)
    }
}
