//! Meters: what each key of each limit has used, and which jobs it holds back. A transaction reads each of them once
//! and writes it once.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use taskyard_shared::job::{JobId, JobState};

use super::limits::Sums;
use super::transaction::{Row, Transaction};
use crate::limits::{Admission, LimitRef, MeterUse};
use crate::store::RELEASE_RETRY_MS;
use crate::store::ops::Released;

/// Stands in place of a limit's number for jobs of a kind that no worker knows; the key is the kind.
pub(super) const NO_WORKER: i64 = 0;

pub(super) const BY_ID: &str =
    "SELECT id, limit_id, key, running, arrival_us, held, due_at_ms FROM meter WHERE id = ?1";
pub(super) const BY_KEY: &str = "SELECT id, limit_id, key, running, arrival_us, held, due_at_ms FROM meter \
     WHERE limit_id = ?1 AND key = ?2";
pub(super) const RELEASE: &str = "UPDATE job SET state = 0, held_by = NULL WHERE id IN \
     (SELECT id FROM job INDEXED BY job_held WHERE held_by = ?1 ORDER BY priority DESC, id LIMIT ?2) \
     RETURNING queue_id";
pub(super) const GIVE_BACK: &str =
    "DELETE FROM job_meter WHERE job_id = ?1 AND attempt BETWEEN ?2 AND ?3 RETURNING meter_id";

/// Looks at the attempts that count towards limits, which are those at work and a few more.
pub(super) const STILL_COUNTED: &str = "SELECT DISTINCT job_id FROM job_meter \
     WHERE NOT EXISTS (SELECT 1 FROM job WHERE id = job_id AND state = 1 AND job.attempt = job_meter.attempt) \
     ORDER BY job_id";

/// A limit that applies to a job.
#[derive(Clone)]
pub(super) struct Applied {
    pub id: i64,
    pub rule: LimitRef,
}

pub(super) struct Meter {
    pub id: i64,
    pub limit: i64,
    key: String,
    pub uses: MeterUse,
    pub held: u32,
    /// When jobs that it holds back may be released.
    pub due_at_ms: Option<i64>,
    /// What it came to when it was read.
    stored: Sums,
    changed: bool,
}

impl Meter {
    fn read(row: &SqlRow<'_>) -> rusqlite::Result<Meter> {
        let mut meter = Meter {
            id: row.get(0)?,
            limit: row.get(1)?,
            key: row.get(2)?,
            uses: MeterUse { running: row.get(3)?, arrival_us: row.get(4)? },
            held: row.get(5)?,
            due_at_ms: row.get(6)?,
            stored: Sums::default(),
            changed: false,
        };
        meter.stored = meter.sums();
        Ok(meter)
    }

    fn new(id: i64, limit: i64, key: &str) -> Meter {
        Meter {
            id,
            limit,
            key: key.to_owned(),
            uses: MeterUse::default(),
            held: 0,
            due_at_ms: None,
            stored: Sums::default(),
            changed: true,
        }
    }

    fn sums(&self) -> Sums {
        Sums {
            keys: i64::from(self.uses.running > 0 || self.held > 0),
            running: i64::from(self.uses.running),
            held: i64::from(self.held),
        }
    }

    /// One job less is held back.
    fn lets_go_of(&mut self, jobs: u32) {
        self.changed = true;
        self.held = self.held.saturating_sub(jobs);
        if self.held == 0 {
            self.due_at_ms = None;
        }
    }

    /// It is looked at by then, if not before.
    fn due_by(&mut self, at_ms: i64) {
        self.set_due(Some(self.due_at_ms.map_or(at_ms, |due_at_ms| due_at_ms.min(at_ms))));
    }

    pub fn set_due(&mut self, at_ms: Option<i64>) {
        self.changed = true;
        self.due_at_ms = at_ms;
    }
}

/// The meters that a transaction has used, as they are to be written.
#[derive(Default)]
pub(super) struct Meters {
    by_id: HashMap<i64, Meter>,
    by_key: HashMap<(i64, String), i64>,
}

impl Meters {
    fn of_key(&mut self, conn: &Connection, limit: i64, key: &str) -> rusqlite::Result<Option<&mut Meter>> {
        let named = (limit, key.to_owned());
        if !self.by_key.contains_key(&named) {
            let found =
                conn.prepare_cached(BY_KEY)?.query_row(params![limit, key], Meter::read).optional()?;
            let Some(meter) = found else { return Ok(None) };
            self.take_in(meter);
        }
        Ok(self.by_key.get(&named).and_then(|id| self.by_id.get_mut(id)))
    }

    /// None: it is gone.
    pub fn of_id(&mut self, conn: &Connection, id: i64) -> rusqlite::Result<Option<&mut Meter>> {
        if !self.by_id.contains_key(&id) {
            let found = conn.prepare_cached(BY_ID)?.query_row([id], Meter::read).optional()?;
            let Some(meter) = found else { return Ok(None) };
            self.take_in(meter);
        }
        Ok(self.by_id.get_mut(&id))
    }

    /// The meter of a key that may be new.
    fn made(&mut self, conn: &Connection, limit: i64, key: &str) -> rusqlite::Result<&mut Meter> {
        if self.of_key(conn, limit, key)?.is_none() {
            conn.prepare_cached(
                "INSERT INTO meter (limit_id, key, running, arrival_us, held) VALUES (?1, ?2, 0, 0, 0)",
            )?
            .execute(params![limit, key])?;
            self.take_in(Meter::new(conn.last_insert_rowid(), limit, key));
        }
        Ok(self.of_key(conn, limit, key)?.expect("it was there, or was made just now"))
    }

    fn take_in(&mut self, meter: Meter) {
        self.by_key.insert((meter.limit, meter.key.clone()), meter.id);
        self.by_id.insert(meter.id, meter);
    }
}

impl Transaction<'_> {
    /// Whether one more job may start.
    pub fn admission(&mut self, limit: &Applied, key: &str) -> rusqlite::Result<Admission> {
        let uses = self.meters.of_key(self.conn, limit.id, key)?.map(|meter| meter.uses).unwrap_or_default();
        Ok(uses.admits(&limit.rule, self.now_ms))
    }

    /// The job's new attempt counts towards a limit. Answers when jobs that its meter holds back are to be looked
    /// at, where that is a matter of time.
    pub fn start_on(&mut self, limit: &Applied, key: &str, row: &Row) -> rusqlite::Result<Option<i64>> {
        let meter = self.meters.made(self.conn, limit.id, key)?;
        meter.uses.start(&limit.rule, self.now_ms);
        meter.changed = true;
        if meter.held > 0 {
            match meter.uses.admits(&limit.rule, self.now_ms) {
                Admission::Free => {}
                Admission::NotBefore { at_ms } => meter.due_at_ms = Some(at_ms),
                Admission::Full => meter.due_at_ms = None,
            }
        }
        let (id, due_at_ms) = (meter.id, meter.due_at_ms);
        self.prepared("INSERT INTO job_meter (job_id, attempt, meter_id) VALUES (?1, ?2, ?3)")?
            .execute(params![row.job.id.0, row.job.attempt, id])?;
        Ok(due_at_ms)
    }

    /// The job stays pending, but no claim looks at it again before it is released. `until_ms`: when that may be.
    pub fn hold_back(
        &mut self,
        row: &mut Row,
        limit: i64,
        key: &str,
        until_ms: Option<i64>,
    ) -> rusqlite::Result<()> {
        let meter = self.meters.made(self.conn, limit, key)?;
        meter.held += 1;
        meter.changed = true;
        if let Some(at_ms) = until_ms {
            meter.due_by(at_ms);
        }
        row.held_by = Some(meter.id);
        self.change(row, JobState::Pending)
    }

    /// A job that was held back is so no longer. Its row is for the caller to write.
    pub fn leave_meter(&mut self, row: &mut Row) -> rusqlite::Result<()> {
        if let Some(id) = row.held_by.take()
            && let Some(meter) = self.meters.of_id(self.conn, id)?
        {
            meter.lets_go_of(1);
        }
        Ok(())
    }

    /// Jobs that count towards limits with an attempt that is not to be at work any more.
    pub fn still_counted(&self) -> rusqlite::Result<Vec<JobId>> {
        self.prepared(STILL_COUNTED)?.query_map([], |row| row.get(0).map(JobId))?.collect()
    }

    /// Work of these attempts of the job has ended: what they took of limits is free again, and where that makes
    /// room at work, the first job held back is released. (A rate that does not admit it yet holds it back again,
    /// and then a claim says until when.)
    pub fn give_back(&mut self, job: JobId, attempts: RangeInclusive<u32>) -> rusqlite::Result<Released> {
        // A number that no job can have.
        let Ok(job) = i64::try_from(job.0) else { return Ok(Released::new()) };
        let meters: Vec<i64> = self
            .prepared(GIVE_BACK)?
            .query_map(params![job, attempts.start(), attempts.end()], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        self.changed |= !meters.is_empty();
        let mut queues = BTreeSet::new();
        for id in meters {
            let Some(meter) = self.meters.of_id(self.conn, id)? else { continue };
            meter.uses.end();
            meter.changed = true;
            let most = self.standing.limits.rule(meter.limit).and_then(|limit| limit.concurrency);
            if meter.held > 0 && most.is_some_and(|most| meter.uses.running < most) {
                // Should it not start after all.
                meter.due_by(self.now_ms + RELEASE_RETRY_MS);
                self.release(id, 1, &mut queues)?;
            }
        }
        self.names(queues)
    }

    /// Releases the first `jobs` that a meter holds back. Answers how many there were.
    pub fn release(&mut self, meter: i64, jobs: u32, queues: &mut BTreeSet<i64>) -> rusqlite::Result<u32> {
        let mut released = 0;
        let mut update = self.prepared(RELEASE)?;
        let mut found = update.query(params![meter, jobs])?;
        while let Some(row) = found.next()? {
            queues.insert(row.get(0)?);
            released += 1;
        }
        if let Some(meter) = self.meters.of_id(self.conn, meter)? {
            meter.lets_go_of(released);
        }
        self.changed |= released > 0;
        Ok(released)
    }

    /// The names of these queues, sorted.
    pub fn names(&self, queues: BTreeSet<i64>) -> rusqlite::Result<Released> {
        let mut names = queues
            .into_iter()
            .map(|id| self.standing.name(id).map(Arc::from))
            .collect::<rusqlite::Result<Released>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// Writes the meters that changed, and forgets what was read: statements that change many at once may follow.
    pub fn flush_meters(&mut self) -> rusqlite::Result<()> {
        for meter in std::mem::take(&mut self.meters).by_id.into_values().filter(|meter| meter.changed) {
            let limits = &mut self.standing.limits;
            limits.meter_changed(meter.limit, meter.stored, meter.sums());
            let is_in_use = meter.uses.running > 0 || meter.held > 0;
            let is_idle = meter.uses.is_idle(self.now_ms) || limits.rule(meter.limit).is_none();
            if is_in_use || !is_idle {
                self.prepared(
                    "UPDATE meter SET running = ?2, arrival_us = ?3, held = ?4, due_at_ms = ?5 WHERE id = ?1",
                )?
                .execute(params![
                    meter.id,
                    meter.uses.running,
                    meter.uses.arrival_us,
                    meter.held,
                    meter.due_at_ms
                ])?;
            } else {
                self.prepared("DELETE FROM meter WHERE id = ?1")?.execute([meter.id])?;
            }
        }
        Ok(())
    }
}
