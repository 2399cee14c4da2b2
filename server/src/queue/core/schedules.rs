//! Schedules: when their jobs are added, and how they are changed meanwhile.

use std::collections::VecDeque;

use taskyard_shared::limits::MAX_SCHEDULES;
use taskyard_shared::schedule::{Overlap, Schedule, ScheduleStatus};

use super::decision::{Answer, Decision, RequestId};
use super::missed_runs::runs_to_make;
use super::pending::Pending;
use super::state::Core;
use super::times::{earlier, has_come};
use crate::cron::Cron;
use crate::pubsub::JobChange;
use crate::queue::messages::QueueError;
use crate::store::{Fire, FireResult, InsertOutcome, JobInsert, NextRun, StoredSchedule, WriteOp};

/// A schedule that somebody wants, checked.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    pub schedule: Schedule,
    pub cron: Cron,
    /// What it adds.
    pub job: JobInsert,
}

/// A schedule whose times are known.
#[derive(Clone, Debug)]
struct Timed {
    stored: StoredSchedule,
    /// None only if what is stored cannot be read by this version: it does not run then.
    cron: Option<Cron>,
}

/// All that is known of the schedule of one name. Forgotten when nothing is stored of it and nothing on its way.
#[derive(Debug, Default)]
pub(super) struct ScheduleState {
    /// As committed: what holds.
    committed: Option<Timed>,
    /// Changes on their way to the disk, oldest first; None is its removal. Bounded by the requests under way.
    changing: VecDeque<Option<Timed>>,
    /// Runs on their way to the disk.
    firing: usize,
}

impl ScheduleState {
    pub fn new(stored: StoredSchedule) -> Self {
        let Schedule { cron, zone, name, .. } = &stored.status.schedule;
        let cron = Cron::parse(cron, zone)
            .inspect_err(|error| tracing::error!(schedule = name, %error, "the schedule cannot run"))
            .ok();
        ScheduleState { committed: Some(Timed { stored, cron }), ..ScheduleState::default() }
    }

    fn status(&self) -> Option<&ScheduleStatus> {
        self.committed.as_ref().map(|timed| &timed.stored.status)
    }

    /// As asked for last: what the next change starts from. None: it is being removed.
    fn wanted(&self) -> Option<&Timed> {
        match self.changing.back() {
            Some(change) => change.as_ref(),
            None => self.committed.as_ref(),
        }
    }

    /// When it is due. Not while something is on its way to the disk, which may change that; and not if it cannot run.
    fn next_at_ms(&self) -> Option<i64> {
        let is_settled = self.changing.is_empty() && self.firing == 0;
        let timed = self.committed.as_ref().filter(|timed| is_settled && timed.cron.is_some())?;
        timed.stored.status.next_run_at_ms
    }

    fn is_nothing(&self) -> bool {
        self.committed.is_none() && self.changing.is_empty() && self.firing == 0
    }
}

impl Core {
    pub(super) fn schedule_statuses(&self) -> Vec<ScheduleStatus> {
        self.schedules.values().filter_map(ScheduleState::status).cloned().collect()
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
        // Those on their way to the disk are among the known.
        let is_new = !self.schedules.contains_key(&schedule.name);
        let admitted = if is_new && self.schedules.len() >= MAX_SCHEDULES {
            Err(QueueError::TooManySchedules)
        } else {
            self.ensure_queue(&job.queue.clone(), out)
        };
        if let Err(error) = admitted {
            return out.push(Decision::Answer(request, Err(error)));
        }
        let status = ScheduleStatus {
            next_run_at_ms: if schedule.paused { None } else { cron.next_after(now_ms) },
            // What its runs left behind is kept when this is stored.
            last_run_at_ms: None,
            last_job: None,
            skipped: 0,
            schedule,
        };
        let timed = Timed { stored: StoredSchedule { status, job }, cron: Some(cron) };
        self.store_schedule(Some(request), timed, out);
    }

    pub(super) fn pause_schedule(
        &mut self,
        request: RequestId,
        name: &str,
        paused: bool,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let Some(wanted) = self.schedules.get(name).and_then(ScheduleState::wanted) else {
            return out.push(Decision::Answer(request, Err(QueueError::NoSuchSchedule(name.to_owned()))));
        };
        let mut timed = wanted.clone();
        timed.stored.status.schedule.paused = paused;
        timed.stored.status.next_run_at_ms = match (&timed.cron, paused) {
            (Some(cron), false) => cron.next_after(now_ms),
            _ => None,
        };
        self.store_schedule(Some(request), timed, out);
    }

    pub(super) fn remove_schedule(&mut self, request: RequestId, name: String, out: &mut Vec<Decision>) {
        if self.schedules.get(&name).and_then(ScheduleState::wanted).is_none() {
            return out.push(Decision::Answer(request, Err(QueueError::NoSuchSchedule(name))));
        }
        let pending = Pending::RemoveSchedule { request, name: name.clone() };
        if self.request(request, pending, WriteOp::RemoveSchedule { name: name.clone() }, out) {
            self.schedules.entry(name).or_default().changing.push_back(None);
        }
    }

    fn store_schedule(&mut self, request: Option<RequestId>, timed: Timed, out: &mut Vec<Decision>) {
        let name = timed.stored.status.schedule.name.clone();
        let op = WriteOp::SetSchedule { schedule: Box::new(timed.stored.clone()) };
        let pending = Pending::SetSchedule { request, name: name.clone() };
        let is_written = match request {
            Some(request) => self.request(request, pending, op, out),
            None => {
                self.write(pending, op, out);
                true
            }
        };
        if is_written {
            self.schedules.entry(name).or_default().changing.push_back(Some(timed));
        }
    }

    pub(super) fn schedule_set(&mut self, name: &str) -> Result<Answer, QueueError> {
        let known = self.schedules.get_mut(name);
        let Some((known, mut timed)) =
            known.and_then(|known| known.changing.pop_front().flatten().map(|timed| (known, timed)))
        else {
            return Err(QueueError::NoSuchSchedule(name.to_owned()));
        };
        if let Some(earlier) = known.status() {
            timed.stored.keep_history(earlier);
        }
        let status = timed.stored.status.clone();
        known.committed = Some(timed);
        self.changed.schedules = true;
        Ok(Answer::Schedule(Box::new(status)))
    }

    pub(super) fn schedule_removed(&mut self, name: String, existed: bool) -> Result<Answer, QueueError> {
        if let Some(known) = self.schedules.get_mut(&name) {
            known.changing.pop_front();
            known.committed = None;
        }
        self.forget_schedule_if_gone(&name);
        self.changed.schedules = true;
        if existed { Ok(Answer::Removed) } else { Err(QueueError::NoSuchSchedule(name)) }
    }

    /// The store refused a change: what is stored still holds.
    pub(super) fn schedule_change_refused(&mut self, name: &str) {
        if let Some(known) = self.schedules.get_mut(name) {
            known.changing.pop_front();
        }
        self.forget_schedule_if_gone(name);
    }

    /// The store refused a run: it is due as before.
    pub(super) fn run_refused(&mut self, name: &str) {
        if let Some(known) = self.schedules.get_mut(name) {
            known.firing -= 1;
        }
        self.forget_schedule_if_gone(name);
    }

    fn forget_schedule_if_gone(&mut self, name: &str) {
        if self.schedules.get(name).is_some_and(ScheduleState::is_nothing) {
            self.schedules.remove(name);
        }
    }

    pub(super) fn run_schedule(
        &mut self,
        request: RequestId,
        name: String,
        now_ms: i64,
        out: &mut Vec<Decision>,
    ) {
        let Some(wanted) = self.schedules.get(&name).and_then(ScheduleState::wanted) else {
            return out.push(Decision::Answer(request, Err(QueueError::NoSuchSchedule(name))));
        };
        let job = self.job_of_run(&wanted.stored);
        if self.is_draining(&job.queue) {
            let error = QueueError::QueueDraining(job.queue.to_string());
            return out.push(Decision::Answer(request, Err(error)));
        }
        // The store may have refused to keep it when the schedule was made.
        if let Err(error) = self.ensure_queue(&job.queue, out) {
            return out.push(Decision::Answer(request, Err(error)));
        }
        let fire = Fire {
            name: name.clone(),
            job,
            run_at_ms: now_ms,
            next_run: NextRun::Unmoved,
            unless_unfinished: false,
        };
        let pending = Pending::Fire { request: Some(request), name: name.clone() };
        if self.request(request, pending, WriteOp::FireSchedule { fire: Box::new(fire) }, out) {
            self.schedules.entry(name).or_default().firing += 1;
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
        let Some(Timed { stored, cron: Some(cron) }) =
            self.schedules.get(name).and_then(|known| known.committed.clone())
        else {
            return;
        };
        let ScheduleStatus { schedule, next_run_at_ms: Some(due_ms), last_job, .. } = &stored.status else {
            return;
        };
        let next_run_at_ms = cron.next_after(now_ms);
        let runs = if self.takes_runs(&stored, out) {
            runs_to_make(&cron, *due_ms, schedule, now_ms)
        } else {
            Vec::new()
        };
        if runs.is_empty() {
            let mut stored = stored;
            stored.status.next_run_at_ms = next_run_at_ms;
            return self.store_schedule(None, Timed { stored, cron: Some(cron) }, out);
        }
        if let (Overlap::Replace, Some(id)) = (schedule.overlap, *last_job) {
            self.write(Pending::Cancel { request: None, id }, WriteOp::Cancel { id }, out);
        }
        let job = self.job_of_run(&stored);
        self.schedules.entry(name.to_owned()).or_default().firing += runs.len();
        for run_at_ms in runs {
            let fire = Fire {
                name: name.to_owned(),
                job: job.clone(),
                run_at_ms,
                next_run: NextRun::At(next_run_at_ms),
                unless_unfinished: schedule.overlap == Overlap::Skip,
            };
            let pending = Pending::Fire { request: None, name: name.to_owned() };
            self.write(pending, WriteOp::FireSchedule { fire: Box::new(fire) }, out);
        }
    }

    /// Whether the queue of its jobs takes any; makes the queue where the store refused to keep it earlier.
    fn takes_runs(&mut self, schedule: &StoredSchedule, out: &mut Vec<Decision>) -> bool {
        let queue = &schedule.job.queue;
        let made = self.ensure_queue(queue, out).inspect_err(|error| {
            tracing::warn!(schedule = schedule.status.schedule.name, %error, "a run of a schedule is left out");
        });
        made.is_ok() && !self.is_draining(queue)
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
            FireResult::Fired { outcome, status } => (Some(status), self.fire_outcome(outcome, changes)),
            FireResult::Skipped { status } => (Some(status), None),
            FireResult::NoSuchSchedule => (None, None),
        };
        if let Some(known) = self.schedules.get_mut(name) {
            known.firing -= 1;
            if let (Some(timed), Some(status)) = (&mut known.committed, &status) {
                timed.stored.status = ScheduleStatus::clone(status);
            }
        }
        self.forget_schedule_if_gone(name);
        self.changed.schedules = true;
        match (error, status) {
            (Some(error), _) => Err(error),
            (None, Some(status)) => Ok(Answer::Schedule(status)),
            (None, None) => Err(QueueError::NoSuchSchedule(name.to_owned())),
        }
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
