//! Meters: what each key of each limit has used, and which jobs it holds back. A transaction reads each of them once
//! and writes it once.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};
use taskyard_shared::job::{JobId, JobState};

use super::super::rows::ABOVE_ALL_PRIORITIES;
use super::limits::Sums;
use super::transaction::{Row, Transaction};
use crate::limits::{Admission, LimitRef, MeterUse};
use crate::store::RELEASE_RETRY_MS;
use crate::store::ops::Released;
use crate::store::turns::{self, Order};

/// Stands in place of a limit's number for jobs of a kind that no worker knows; the key is the kind.
pub(super) const NO_WORKER: i64 = 0;

pub(super) const BY_ID: &str = "SELECT id, limit_id, key, running, arrival_us, held, due_at_ms, passed, looked_at FROM meter WHERE id = ?1";
pub(super) const BY_KEY: &str = "SELECT id, limit_id, key, running, arrival_us, held, due_at_ms, passed, looked_at FROM meter \
     WHERE limit_id = ?1 AND key = ?2";
/// The next queue with jobs that a meter holds back.
pub(super) const NEXT_QUEUE: &str = "SELECT queue_id FROM job INDEXED BY job_held \
     WHERE held_by = ?1 AND queue_id > ?2 ORDER BY queue_id LIMIT 1";
/// The first job of a queue that a meter holds back, below a priority.
pub(super) const FIRST_HELD: &str = "SELECT priority, id FROM job INDEXED BY job_held \
     WHERE held_by = ?1 AND queue_id = ?2 AND priority < ?3 ORDER BY priority DESC, id LIMIT 1";
pub(super) const RELEASE: &str = "UPDATE job SET state = 0, held_by = NULL WHERE id = ?1";
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

/// A job that a meter holds back, as far as its turn goes.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub queue: i64,
    pub id: JobId,
    priority: i16,
}

pub(super) struct Meter {
    pub id: i64,
    pub limit: i64,
    key: String,
    pub uses: MeterUse,
    pub held: u32,
    /// When jobs that it holds back may be released.
    pub due_at_ms: Option<i64>,
    /// Starts since the last one that went by age: see [`turns`].
    passed: u32,
    /// As of which change of limits it was looked at, or began to hold jobs back.
    looked_at: i64,
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
            passed: row.get(7)?,
            looked_at: row.get(8)?,
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
            passed: 0,
            looked_at: 0,
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

    /// Whether nothing would be lost if it were forgotten.
    fn is_idle(&self, now_ms: i64) -> bool {
        self.held == 0 && self.uses.is_idle(now_ms)
    }

    /// It is about to be used. After a time in which it might have been forgotten it begins anew.
    fn begin_use(&mut self, now_ms: i64) {
        self.changed = true;
        if self.is_idle(now_ms) {
            self.passed = 0;
        }
    }

    fn start(&mut self, rule: &LimitRef, now_ms: i64) {
        self.begin_use(now_ms);
        self.uses.start(rule, now_ms);
        self.passed = turns::passed_after(self.passed, self.held > 0);
        if self.held > 0 {
            match self.uses.admits(rule, now_ms) {
                Admission::Free => {}
                Admission::NotBefore { at_ms } => self.due_at_ms = Some(at_ms),
                Admission::Full => self.due_at_ms = None,
            }
        }
    }

    /// Some jobs fewer are held back.
    fn lets_go_of(&mut self, jobs: u32) {
        self.changed = true;
        self.held = self.held.saturating_sub(jobs);
        if self.held == 0 {
            self.due_at_ms = None;
        }
    }

    pub fn nothing_runs(&mut self) {
        self.changed = true;
        self.uses.running = 0;
    }

    /// It is looked at by then, if not before.
    pub fn due_by(&mut self, at_ms: i64) {
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
        meter.start(&limit.rule, self.now_ms);
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
        meter.begin_use(self.now_ms);
        if meter.held == 0 {
            meter.looked_at = self.standing.limits.changes;
        }
        meter.held += 1;
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

    /// Whether a limit holds jobs back under this key.
    pub fn holds_back(&mut self, limit: &Applied, key: &str) -> rusqlite::Result<bool> {
        Ok(self.meters.of_key(self.conn, limit.id, key)?.is_some_and(|meter| meter.held > 0))
    }

    /// The job that a limit holds back under a key and whose turn it is; `queue` claims just now.
    pub fn next_held(&mut self, limit: &Applied, key: &str, queue: i64) -> rusqlite::Result<Option<Held>> {
        let Some(meter) = self.meters.of_key(self.conn, limit.id, key)? else { return Ok(None) };
        if meter.held == 0 {
            return Ok(None);
        }
        let (id, order) = (meter.id, Order::after(meter.passed));
        self.first_held(id, order, |tx, of| of == queue || tx.can_start(of))
    }

    /// The same, if it comes before this job of that queue.
    pub fn held_before(&mut self, limit: &Applied, key: &str, row: &Row) -> rusqlite::Result<Option<Held>> {
        let Some(held) = self.next_held(limit, key, row.queue)? else { return Ok(None) };
        let passed = self.meters.of_key(self.conn, limit.id, key)?.map_or(0, |meter| meter.passed);
        let order = Order::after(passed);
        let is_before = order.rank(held.priority, held.id) < order.rank(row.job.priority, row.job.id);
        Ok(is_before.then_some(held))
    }

    /// Jobs that a limit holds back under a key are looked at by the next promotion.
    pub fn look_soon(&mut self, limit: &Applied, key: &str) -> rusqlite::Result<()> {
        let now_ms = self.now_ms;
        if let Some(meter) = self.meters.of_key(self.conn, limit.id, key)? {
            meter.due_by(now_ms);
        }
        Ok(())
    }

    /// Releases `jobs` that a meter holds back: queues that can start them before all others, and of each queue those
    /// that a claim looks at first. (When one is to go by age, the claim looks at that one instead.) Answers how many
    /// there were.
    pub fn release(&mut self, meter: i64, jobs: u32, queues: &mut BTreeSet<i64>) -> rusqlite::Result<u32> {
        let Some(known) = self.meters.of_id(self.conn, meter)? else { return Ok(0) };
        let (passed, most) = (known.passed, known.held.min(jobs));
        let mut released = 0;
        while released < most {
            let order = Order::after(passed + released);
            let first = match self.first_held(meter, order, Self::can_start)? {
                Some(first) => Some(first),
                None => self.first_held(meter, order, |_, _| true)?,
            };
            let Some(Held { queue, .. }) = first else { break };
            let Some(first) = self.first_held_of(meter, Order::Priority, queue)? else { break };
            self.prepared(RELEASE)?.execute([first.id.0])?;
            queues.insert(queue);
            released += 1;
        }
        if let Some(meter) = self.meters.of_id(self.conn, meter)? {
            meter.lets_go_of(released);
        }
        self.changed |= released > 0;
        Ok(released)
    }

    /// The first job that a meter holds back, among those of some queues.
    fn first_held(
        &self,
        meter: i64,
        order: Order,
        of_queue: impl Fn(&Self, i64) -> bool,
    ) -> rusqlite::Result<Option<Held>> {
        let mut first = None;
        let mut next_queue = self.prepared(NEXT_QUEUE)?;
        let mut next = |after: i64| next_queue.query_row([meter, after], |row| row.get(0)).optional();
        let mut queue = next(0)?;
        while let Some(id) = queue {
            if of_queue(self, id)
                && let Some(held) = self.first_held_of(meter, order, id)?
                && first.is_none_or(|first: Held| {
                    order.rank(held.priority, held.id) < order.rank(first.priority, first.id)
                })
            {
                first = Some(held);
            }
            queue = next(id)?;
        }
        Ok(first)
    }

    /// By age it takes one look at each priority.
    fn first_held_of(&self, meter: i64, order: Order, queue: i64) -> rusqlite::Result<Option<Held>> {
        let mut select = self.prepared(FIRST_HELD)?;
        let mut below = |priority: i64| {
            let held = |row: &SqlRow<'_>| Ok(Held { queue, priority: row.get(0)?, id: JobId(row.get(1)?) });
            select.query_row(params![meter, queue, priority], held).optional()
        };
        let mut first = below(ABOVE_ALL_PRIORITIES)?;
        let mut next = first;
        while order == Order::Age
            && let Some(held) = next
        {
            first = first.filter(|first| first.id < held.id).or(Some(held));
            next = below(held.priority.into())?;
        }
        Ok(first)
    }

    /// Whether a queue would start a job now, as far as the store knows.
    fn can_start(&self, queue: i64) -> bool {
        let stored = self.standing.stored(queue);
        stored.is_some_and(|stored| turns::can_start(&stored.settings, &stored.counts))
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
                    "UPDATE meter SET running = ?2, arrival_us = ?3, held = ?4, due_at_ms = ?5, passed = ?6, \
                     looked_at = ?7 WHERE id = ?1",
                )?
                .execute(params![
                    meter.id,
                    meter.uses.running,
                    meter.uses.arrival_us,
                    meter.held,
                    meter.due_at_ms,
                    meter.passed,
                    meter.looked_at,
                ])?;
            } else {
                self.prepared("DELETE FROM meter WHERE id = ?1")?.execute([meter.id])?;
            }
        }
        Ok(())
    }
}
