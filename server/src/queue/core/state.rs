//! The core, and the step that every input takes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use taskyard_shared::job::{JobId, Progress};
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::new_job::Backoff;
use taskyard_shared::operation::Operation;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::view::YardLists;

use super::decision::{Answer, Decision, Input, RequestId};
use super::pending::Pending;
use super::queues::QueueState;
use super::retention::Round;
use super::schedules::ScheduleState;
use super::times::Times;
use crate::pubsub::CommitEvents;
use crate::queue::messages::QueueError;
use crate::store::writer::Ticket;
use crate::store::{ClaimedJob, CommitSeq, KnownKinds, QueueSettings, WriteOp};

/// Whether the core starts work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Working,
    /// Claims nothing more and takes no more jobs, because the process is about to end.
    Draining,
}

/// What the core is made with.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// Settings for queues that do not exist yet, by name.
    pub queue_defaults: HashMap<String, QueueSettings>,
    /// Settings for a queue that nobody declared.
    pub other_queues: QueueSettings,
    /// Kinds that have a worker; None: whatever comes has.
    pub kinds: Option<KnownKinds>,
}

/// Jobs that may wait for the store at the same time; more are refused as overloaded.
pub const MAX_UNWRITTEN_JOBS: usize = 50_000;
/// Bytes of arguments that may wait for the store at the same time; beyond, adds are refused as overloaded.
pub const MAX_UNWRITTEN_BYTES: usize = 64 * 1024 * 1024;
/// Requests other than adds that may be under way at the same time; more are refused as overloaded.
pub const MAX_REQUESTS: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Cancelled, and the work has not ended yet.
    Stopping,
}

/// What decides whether a failed attempt is followed by another.
#[derive(Clone, Debug)]
pub(super) struct Rerun {
    /// Before this attempt.
    pub failures: u32,
    pub max_attempts: u32,
    pub backoff: Backoff,
}

impl Rerun {
    pub fn of(claimed: &ClaimedJob) -> Self {
        Rerun {
            failures: claimed.job.failures,
            max_attempts: claimed.job.max_attempts,
            backoff: claimed.options.backoff,
        }
    }
}

/// An attempt whose work has not ended.
#[derive(Debug)]
pub(super) struct Working {
    pub attempt: u32,
    pub queue: Arc<str>,
    pub phase: Phase,
    pub since_ms: i64,
    pub rerun: Rerun,
    /// It counts towards limits.
    pub is_limited: bool,
}

/// A claimed job whose earlier, cancelled attempt is still at work. It has a slot, and starts when that
/// work has ended.
#[derive(Debug)]
pub(super) struct Held {
    pub queue: Arc<str>,
    pub claimed: ClaimedJob,
}

/// The state machine. See the module's text.
#[derive(Debug)]
pub struct Core {
    pub(super) config: CoreConfig,
    pub(super) queues: BTreeMap<Arc<str>, QueueState>,
    /// Jobs at work: one attempt of each, with a slot. Bounded, like `held`, by the sum of all concurrencies.
    pub(super) working: HashMap<JobId, Working>,
    pub(super) held: HashMap<JobId, Held>,
    /// Bounded by `MAX_UNWRITTEN_JOBS`, `MAX_REQUESTS`, `MAX_UNWRITTEN_LINES`, two for each attempt that worked, two for
    /// each queue (a claim, its first settings), up to `MAX_MISSED_RUNS` and a cancel for each schedule that is due, one
    /// report of progress, and one for each kind of work that goes on step by step.
    pub(super) pending: HashMap<Ticket, Pending>,
    pub(super) next_ticket: u64,
    pub(super) progress_under_way: bool,
    /// The newest report of each running attempt that is not on its way to the disk. Bounded by `working`.
    pub(super) unwritten_progress: BTreeMap<JobId, (u32, Progress)>,
    /// Lines on their way to the disk: see [`super::inputs`].
    pub(super) unwritten_lines: usize,
    pub(super) unwritten_jobs: usize,
    pub(super) unwritten_bytes: usize,
    pub(super) requests: usize,
    pub(super) commit: CommitSeq,
    /// Ends of attempts that the store refused, to be written again. Bounded by the attempts that worked.
    pub(super) refused_ends: Vec<(Ticket, WriteOp)>,
    pub(super) times: Times,
    pub(super) retention: Round,
    /// As they stood at the latest commit, sorted by name.
    pub(super) limits: Vec<LimitStatus>,
    /// Names of limits that are on their way to the disk, and how often. Bounded by `MAX_LIMITS`, and as many again.
    pub(super) limits_being_set: BTreeMap<String, usize>,
    /// Bounded by `MAX_SCHEDULES`, those on their way to the disk included.
    pub(super) schedules: BTreeMap<String, ScheduleState>,
    /// Newest first, bounded by `MAX_KEPT_OPERATIONS`.
    pub(super) operations: Vec<Operation>,
    /// On their way to the disk.
    pub(super) operations_starting: usize,
    pub(super) stepping: bool,
    pub(super) mode: Mode,
    pub(super) drain_request: Option<RequestId>,
    /// Who waits until nothing can go on: counted among the requests under way, and bounded with them.
    pub(super) idle_requests: Vec<RequestId>,
    /// Queues whose status changed since the last event.
    pub(super) touched: HashSet<Arc<str>>,
    pub(super) changed: ChangedLists,
}

/// Lists that changed since the last event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChangedLists {
    pub limits: bool,
    pub schedules: bool,
    pub operations: bool,
}

impl Core {
    /// Applies what happened and says what is to be done. `now_ms` decides what is due, never an order; it may
    /// stand still or jump.
    pub fn apply(&mut self, input: Input, now_ms: i64) -> Vec<Decision> {
        let mut decisions = Vec::new();
        self.handle(input, now_ms, &mut decisions);
        self.go_on(now_ms, &mut decisions);
        decisions
    }

    /// Whatever can be done now is begun.
    pub(super) fn go_on(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        self.do_what_is_due(now_ms, out);
        self.write_progress(out);
        self.claim_where_possible(out);
        self.finish_drain(out);
        self.answer_idle(out);
        self.plan_wake(now_ms, out);
        self.publish_touched(out);
    }

    fn handle(&mut self, input: Input, now_ms: i64, out: &mut Vec<Decision>) {
        match input {
            Input::Add { request, jobs, terms, by } => self.add(request, jobs, terms, by, out),
            Input::Cancel { request, id } => {
                let pending = Pending::Cancel { request: Some(request), id };
                self.request(request, pending, WriteOp::Cancel { id }, out);
            }
            Input::Retry { request, id } => self.retry(request, id, out),
            Input::Delete { request, id } => {
                self.request(request, Pending::Delete { request, id }, WriteOp::Delete { id }, out);
            }
            Input::SetPriority { request, id, priority } => {
                let op = WriteOp::SetPriority { id, priority };
                self.request(request, Pending::SetPriority { request, id }, op, out);
            }
            Input::Clear { request, queue } => self.clear(request, queue, now_ms, out),
            Input::Configure { request, queue, change } => self.configure(request, &queue, &change, out),
            Input::SetLimit { request, limit } => self.set_limit(request, limit, out),
            Input::RemoveLimit { request, name } => self.remove_limit(request, name, out),
            Input::SetSchedule { request, schedule } => self.set_schedule(request, *schedule, now_ms, out),
            Input::RemoveSchedule { request, name } => self.remove_schedule(request, name, out),
            Input::PauseSchedule { request, name, paused } => {
                self.pause_schedule(request, &name, paused, now_ms, out);
            }
            Input::RunSchedule { request, name } => self.run_schedule(request, name, now_ms, out),
            Input::StartOperation { request, operation } => {
                self.start_operation(request, operation, now_ms, out);
            }
            Input::UndoOperation { request, id } => self.undo_operation(request, id, out),
            Input::Drain { request } => {
                self.mode = Mode::Draining;
                self.drain_request = Some(request);
            }
            Input::AwaitIdle { request } => self.await_idle(request, out),
            Input::Ended { ends } => ends.into_iter().for_each(|ended| self.ended(ended, now_ms, out)),
            Input::Progress { reports } => self.progress(reports),
            Input::Logged { lines } => self.logged(lines, out),
            Input::Committed { commit, results, limits, outside } => {
                self.learn(outside, out);
                self.committed(commit, results, limits, now_ms, out);
            }
            Input::AddedOutside => self.times.catch_up_wanted = true,
            Input::WriteFailed { ops, error } => self.write_failed(ops, &error, now_ms, out),
            Input::Wake { at_ms } => self.woken(at_ms),
        }
    }

    /// Every queue as it stands, sorted by name.
    pub fn statuses(&self) -> Vec<QueueStatus> {
        self.queues.iter().map(|(name, queue)| queue.status(name)).collect()
    }

    /// Schedules, limits and operations as they stand.
    pub fn lists(&self) -> YardLists {
        YardLists {
            schedules: self.schedule_statuses(),
            limits: self.limits.clone(),
            operations: self.operations.clone(),
        }
    }

    /// The latest commit that the core knows of.
    pub fn commit(&self) -> CommitSeq {
        self.commit
    }

    /// Attempts that hold a slot.
    #[cfg(test)]
    pub fn working_count(&self) -> usize {
        self.working.len() + self.held.len()
    }

    /// The ticket that follows all used so far: where a rebuilt core goes on.
    pub fn next_ticket(&self) -> u64 {
        self.next_ticket
    }

    pub(super) fn write(&mut self, pending: Pending, op: WriteOp, out: &mut Vec<Decision>) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.pending.insert(ticket, pending);
        out.push(Decision::Write(ticket, op));
    }

    /// Writes for a caller, within the bound on requests under way; answers whether it was.
    pub(super) fn request(
        &mut self,
        request: RequestId,
        pending: Pending,
        op: WriteOp,
        out: &mut Vec<Decision>,
    ) -> bool {
        let room = self.requests < MAX_REQUESTS;
        if room {
            self.requests += 1;
            self.write(pending, op, out);
        } else {
            out.push(Decision::Answer(request, Err(QueueError::Overloaded)));
        }
        room
    }

    fn publish_touched(&mut self, out: &mut Vec<Decision>) {
        let lists = std::mem::take(&mut self.changed);
        if self.touched.is_empty() && !lists.limits && !lists.schedules && !lists.operations {
            return;
        }
        let mut queues: Vec<QueueStatus> = std::mem::take(&mut self.touched)
            .iter()
            .filter_map(|name| self.queues.get(name).map(|queue| queue.status(name)))
            .collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        let published = out.iter_mut().rev().find_map(|decision| match decision {
            Decision::Publish(events) => Some(events),
            _ => None,
        });
        let fill = |events: &mut CommitEvents| {
            events.queues = queues;
            events.limits = lists.limits.then(|| self.limits.clone());
            events.schedules = lists.schedules.then(|| self.schedule_statuses());
            events.operations = lists.operations.then(|| self.operations.clone());
        };
        match published {
            Some(events) => fill(events),
            None => {
                let mut events = CommitEvents { commit: self.commit, ..Default::default() };
                fill(&mut events);
                out.push(Decision::Publish(events));
            }
        }
    }

    /// Nothing is at work, and nothing on its way to the disk.
    pub(super) fn is_at_rest(&self) -> bool {
        self.working.is_empty()
            && self.held.is_empty()
            && self.pending.is_empty()
            && self.refused_ends.is_empty()
    }

    fn finish_drain(&mut self, out: &mut Vec<Decision>) {
        if self.is_at_rest()
            && let Some(request) = self.drain_request.take()
        {
            out.push(Decision::Answer(request, Ok(Answer::Drained)));
        }
    }
}
