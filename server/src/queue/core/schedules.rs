//! Schedules: when their jobs are added, and what becomes of runs that were missed.

use std::collections::VecDeque;

use taskyard_shared::limits::{MAX_MISSED_RUNS, MAX_SCHEDULES};
use taskyard_shared::schedule::{Missed, Overlap, Schedule, ScheduleStatus};

use super::decision::{Answer, Decision, RequestId};
use super::pending::Pending;
use super::state::Core;
use super::times::{earlier, has_come};
use crate::cron::Cron;
use crate::pubsub::JobChange;
use crate::queue::messages::QueueError;
use crate::store::{Fire, FireResult, InsertOutcome, JobInsert, StoredSchedule, WriteOp};

/// A run that begins later than this after its time counts as missed.
const ON_TIME_MS: i64 = 60_000;

/// A schedule that somebody wants, checked.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    pub schedule: Schedule,
    pub cron: Cron,
    /// What it adds.
    pub job: JobInsert,
}

#[derive(Debug)]
pub(super) struct ScheduleState {
    stored: StoredSchedule,
    /// None only if what is stored cannot be read by this version: it does not run then.
    cron: Option<Cron>,
    /// A run or a change is on its way to the disk.
    busy: bool,
    /// When it runs next once what is on its way is stored.
    next_when_stored_ms: Option<i64>,
}

impl ScheduleState {
    pub fn new(stored: StoredSchedule) -> Self {
        let Schedule { cron, zone, name, .. } = &stored.status.schedule;
        let cron = Cron::parse(cron, zone)
            .inspect_err(|error| tracing::error!(schedule = name, %error, "the schedule cannot run"))
            .ok();
        let next_when_stored_ms = stored.status.next_run_at_ms;
        ScheduleState { stored, cron, busy: false, next_when_stored_ms }
    }

    fn next_at_ms(&self) -> Option<i64> {
        self.stored.status.next_run_at_ms.filter(|_| !self.busy)
    }

    /// When it runs next if nothing more is asked of it.
    fn planned_ms(&self) -> Option<i64> {
        if self.busy { self.next_when_stored_ms } else { self.stored.status.next_run_at_ms }
    }

    fn on_its_way(&mut self, next_run_at_ms: Option<i64>) {
        self.busy = true;
        self.next_when_stored_ms = next_run_at_ms;
    }
}

impl Core {
    pub(super) fn schedule_statuses(&self) -> Vec<ScheduleStatus> {
        self.schedules.values().map(|schedule| schedule.stored.status.clone()).collect()
    }

    pub(super) fn next_schedule_at_ms(&self) -> Option<i64> {
        self.schedules.values().map(ScheduleState::next_at_ms).fold(None, earlier)
    }

    pub(super) fn set_schedule(
        &mut self,
        request: RequestId,
        new: NewSchedule,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let NewSchedule { schedule, cron, job } = new;
        let known = self.schedules.get(&schedule.name);
        let admitted = if known.is_none() && self.schedules.len() >= MAX_SCHEDULES {
            Err(QueueError::TooManySchedules)
        } else {
            self.ensure_queue(&job.queue.clone(), out)
        };
        if let Err(error) = admitted {
            return out.push(Decision::Answer(request, Err(error)));
        }
        let known = self.schedules.get(&schedule.name).map(|known| &known.stored.status);
        let status = ScheduleStatus {
            next_run_at_ms: if schedule.paused { None } else { cron.next_after(now_ms) },
            last_run_at_ms: known.and_then(|known| known.last_run_at_ms),
            last_job: known.and_then(|known| known.last_job),
            skipped: known.map_or(0, |known| known.skipped),
            schedule,
        };
        self.store_schedule(Some(request), StoredSchedule { status, job }, out);
    }

    pub(super) fn pause_schedule(
        &mut self,
        request: RequestId,
        name: &str,
        paused: bool,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let Some(known) = self.schedules.get(name) else {
            return out.push(Decision::Answer(request, Err(QueueError::NoSuchSchedule(name.to_owned()))));
        };
        let mut stored = known.stored.clone();
        stored.status.schedule.paused = paused;
        stored.status.next_run_at_ms = match (&known.cron, paused) {
            (Some(cron), false) => cron.next_after(now_ms),
            _ => None,
        };
        self.store_schedule(Some(request), stored, out);
    }

    pub(super) fn remove_schedule(&mut self, request: RequestId, name: String, out: &mut Vec<Decision>) {
        let pending = Pending::RemoveSchedule { request, name: name.clone() };
        self.request(request, pending, WriteOp::RemoveSchedule { name }, out);
    }

    fn store_schedule(
        &mut self,
        request: Option<RequestId>,
        schedule: StoredSchedule,
        out: &mut Vec<Decision>,
    ) {
        let name = schedule.status.schedule.name.clone();
        let next_run_at_ms = schedule.status.next_run_at_ms;
        let schedule = Box::new(schedule);
        let op = WriteOp::SetSchedule { schedule: schedule.clone() };
        let pending = Pending::SetSchedule { request, schedule };
        let is_written = match request {
            Some(request) => self.request(request, pending, op, out),
            None => {
                self.write(pending, op, out);
                true
            }
        };
        if is_written && let Some(known) = self.schedules.get_mut(&name) {
            known.on_its_way(next_run_at_ms);
        }
    }

    pub(super) fn schedule_set(&mut self, mut schedule: StoredSchedule) -> Answer {
        if let Some(known) = self.schedules.get(&schedule.status.schedule.name) {
            schedule.keep_history(&known.stored.status);
        }
        let status = schedule.status.clone();
        self.schedules.insert(status.schedule.name.clone(), ScheduleState::new(schedule));
        self.changed.schedules = true;
        Answer::Schedule(Box::new(status))
    }

    pub(super) fn schedule_removed(&mut self, name: String, existed: bool) -> Result<Answer, QueueError> {
        self.changed.schedules |= self.schedules.remove(&name).is_some();
        if existed { Ok(Answer::Removed) } else { Err(QueueError::NoSuchSchedule(name)) }
    }

    /// The store refused: what is stored still holds.
    pub(super) fn schedule_refused(&mut self, name: &str) {
        if let Some(known) = self.schedules.get_mut(name) {
            known.busy = false;
        }
    }

    pub(super) fn run_schedule(
        &mut self,
        request: RequestId,
        name: String,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let Some(known) = self.schedules.get(&name) else {
            return out.push(Decision::Answer(request, Err(QueueError::NoSuchSchedule(name))));
        };
        if self.is_draining(&known.stored.job.queue) {
            let error = QueueError::QueueDraining(known.stored.job.queue.to_string());
            return out.push(Decision::Answer(request, Err(error)));
        }
        let next_run_at_ms = known.planned_ms();
        let fire = Fire {
            name: name.clone(),
            job: self.job_of_run(&known.stored),
            run_at_ms: now_ms,
            next_run_at_ms,
            unless_unfinished: None,
        };
        let pending = Pending::Fire { request: Some(request), name: name.clone() };
        if self.request(request, pending, WriteOp::FireSchedule { fire: Box::new(fire) }, out)
            && let Some(known) = self.schedules.get_mut(&name)
        {
            known.on_its_way(next_run_at_ms);
        }
    }

    /// Adds the jobs of the schedules whose time has come.
    pub(super) fn fire_schedules(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        let due: Vec<String> = self
            .schedules
            .iter()
            .filter(|(_, known)| known.next_at_ms().is_some_and(|at_ms| has_come(at_ms, now_ms)))
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            self.fire(&name, now_ms, out);
        }
    }

    fn fire(&mut self, name: &str, now_ms: i64, out: &mut Vec<Decision>) {
        let Some(known) = self.schedules.get(name) else { return };
        let (Some(cron), Some(next_ms)) = (&known.cron, known.stored.status.next_run_at_ms) else { return };
        let mut runs = runs_to_make(cron, next_ms, known.stored.status.schedule.missed, now_ms);
        if self.is_draining(&known.stored.job.queue) {
            runs.clear();
        }
        let next_run_at_ms = cron.next_after(now_ms);
        let overlap = known.stored.status.schedule.overlap;
        let (last_job, job) = (known.stored.status.last_job, self.job_of_run(&known.stored));
        if runs.is_empty() {
            let mut stored = known.stored.clone();
            stored.status.next_run_at_ms = next_run_at_ms;
            return self.store_schedule(None, stored, out);
        }
        if let (Overlap::Replace, Some(id)) = (overlap, last_job) {
            self.write(Pending::Cancel { request: None, id }, WriteOp::Cancel { id }, out);
        }
        for run_at_ms in runs {
            let unless_unfinished = last_job.filter(|_| overlap == Overlap::Skip);
            let fire = Fire {
                name: name.to_owned(),
                job: job.clone(),
                run_at_ms,
                next_run_at_ms,
                unless_unfinished,
            };
            let pending = Pending::Fire { request: None, name: name.to_owned() };
            self.write(pending, WriteOp::FireSchedule { fire: Box::new(fire) }, out);
        }
        if let Some(known) = self.schedules.get_mut(name) {
            known.on_its_way(next_run_at_ms);
        }
    }

    /// What a run adds: what the schedule's job does not say, its queue says at each run.
    fn job_of_run(&self, schedule: &StoredSchedule) -> JobInsert {
        let mut job = schedule.job.clone();
        self.take_queue_defaults(&mut job);
        job
    }

    pub(super) fn fired(
        &mut self,
        name: &str,
        result: FireResult,
        changes: &mut Vec<JobChange>,
    ) -> Result<Answer, QueueError> {
        let (status, error) = match result {
            FireResult::Fired { outcome, status } => (status, self.fire_outcome(outcome, changes)),
            FireResult::Skipped { status } => (status, None),
            FireResult::NoSuchSchedule => {
                self.schedules.remove(name);
                return Err(QueueError::NoSuchSchedule(name.to_owned()));
            }
        };
        if let Some(known) = self.schedules.get_mut(name) {
            known.busy = false;
            known.stored.status = ScheduleStatus::clone(&status);
        }
        self.changed.schedules = true;
        error.map_or(Ok(Answer::Schedule(status)), Err)
    }

    fn fire_outcome(&mut self, outcome: InsertOutcome, changes: &mut Vec<JobChange>) -> Option<QueueError> {
        match outcome {
            InsertOutcome::Added(job) => self.stored(job, changes),
            InsertOutcome::Replaced(moved) => self.moved(moved, changes),
            InsertOutcome::Refused(error) => return Some(QueueError::NotStored(error)),
            InsertOutcome::Existing(_) | InsertOutcome::NotAdded => {}
        }
        None
    }
}

/// The runs to be made now of those that were due since `next_ms`, which was.
fn runs_to_make(cron: &Cron, next_ms: i64, missed: Missed, now_ms: i64) -> Vec<i64> {
    let due = latest_due(cron, next_ms, now_ms);
    let Some(&last) = due.back() else { return Vec::new() };
    let is_on_time = due.len() == 1 && now_ms - last <= ON_TIME_MS;
    match missed {
        _ if is_on_time => vec![last],
        Missed::RunOnce => vec![last],
        Missed::RunAll => due.into(),
        Missed::Skip => Some(last).filter(|last| now_ms - last <= ON_TIME_MS).into_iter().collect(),
    }
}

/// The newest due times from `first_ms`, which is one, up to now: at most `MAX_MISSED_RUNS`.
fn latest_due(cron: &Cron, first_ms: i64, now_ms: i64) -> VecDeque<i64> {
    let mut from_ms = first_ms - 1;
    loop {
        let mut due = VecDeque::new();
        let mut at_ms = from_ms;
        while let Some(next_ms) = cron.next_after(at_ms).filter(|next_ms| *next_ms <= now_ms)
            && due.len() <= MAX_MISSED_RUNS
        {
            due.push_back(next_ms);
            at_ms = next_ms;
        }
        if due.len() <= MAX_MISSED_RUNS {
            return due;
        }
        // Too many: those of the later half will do, unless that is a span with more than can be counted.
        let middle_ms = from_ms + (now_ms - from_ms) / 2;
        if middle_ms == from_ms || cron.next_after(middle_ms).is_none_or(|next_ms| next_ms > now_ms) {
            due.truncate(MAX_MISSED_RUNS);
            return due;
        }
        from_ms = middle_ms;
    }
}
