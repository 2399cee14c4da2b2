//! The rules of the queue as a state machine without a clock, a disk or an actor:
//! `apply(input, now) -> decisions`.
//!
//! The store keeps the jobs; the core keeps what is needed to decide: each queue's settings and exact
//! counts, which attempts are at work, and what was asked of the store and not answered yet. Its memory
//! grows with the jobs at work and the requests under way, never with the jobs stored.
//!
//! A slot is taken from the moment a claim asks for it until the executor says that the work has ended,
//! whatever happened to the job in between.

mod commits;
mod inputs;
mod queues;
mod rebuild;
mod refusals;
#[cfg(test)]
mod simulation;
mod slots;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use taskyard_shared::job::{FileRef, JobId, Progress};
use taskyard_shared::queue::QueueStatus;

use super::messages::QueueError;
use crate::pubsub::CommitEvents;
use crate::store::writer::Ticket;
use crate::store::{
    AttemptEnd, ClaimedJob, CommitSeq, JobInsert, OpResult, QueueSettings, StoreError, WriteOp,
};

use queues::QueueState;
pub use rebuild::KnownAttempt;

/// A caller who waits for an answer. Numbers are chosen by the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One attempt of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    pub job: JobId,
    pub attempt: u32,
}

impl AttemptId {
    pub fn of(claimed: &ClaimedJob) -> Self {
        AttemptId { job: claimed.job.id, attempt: claimed.job.attempt }
    }
}

/// Something that happened.
#[derive(Debug)]
pub enum Input {
    Add {
        request: RequestId,
        jobs: Vec<JobInsert>,
    },
    Cancel {
        request: RequestId,
        id: JobId,
    },
    Retry {
        request: RequestId,
        id: JobId,
    },
    Clear {
        request: RequestId,
        queue: Option<String>,
    },
    Configure {
        request: RequestId,
        queue: String,
        paused: Option<bool>,
        concurrency: Option<u32>,
    },
    Drain {
        request: RequestId,
    },
    /// The executor: this attempt's work has really ended.
    Ended {
        attempt: AttemptId,
        end: AttemptEnd,
        artifacts: Vec<FileRef>,
    },
    /// The executor: how far running attempts are.
    Progress {
        reports: Vec<(JobId, u32, Progress)>,
    },
    /// The store: these are on the disk.
    Committed {
        commit: CommitSeq,
        results: Vec<(Ticket, OpResult)>,
    },
    /// The store: these are not, and nothing of them is.
    WriteFailed {
        ops: Vec<(Ticket, WriteOp)>,
        error: StoreError,
    },
    /// The time asked for by [`Decision::WakeAt`] has come.
    Wake,
}

/// Something to be done, in order.
#[derive(Debug)]
pub enum Decision {
    Write(Ticket, WriteOp),
    Start(ClaimedJob),
    /// Stop the attempt's work. Its slot stays taken until [`Input::Ended`].
    Stop(AttemptId),
    /// The store knows how the attempt ended: the executor may forget it.
    Settle(AttemptId),
    Answer(RequestId, Result<Answer, QueueError>),
    Publish(CommitEvents),
    /// Apply [`Input::Wake`] at this time.
    WakeAt {
        at_ms: i64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Added(Vec<JobId>),
    Cancelled { was_running: bool },
    Retried,
    Cleared { count: u64 },
    Configured(QueueStatus),
    Drained,
}

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
}

/// Jobs that may wait for the store at the same time; more are refused as overloaded.
pub const MAX_UNWRITTEN_JOBS: usize = 50_000;
/// Bytes of arguments that may wait for the store at the same time; beyond, adds are refused as overloaded.
pub const MAX_UNWRITTEN_BYTES: usize = 64 * 1024 * 1024;
/// Requests other than adds that may be under way at the same time; more are refused as overloaded.
pub const MAX_REQUESTS: usize = 10_000;
/// Jobs deleted by one operation of a clear, so that other work gets its turn in between.
const CLEAR_STEP_JOBS: u32 = 1_000;
/// How long the core waits before it asks a store again that has refused.
const STORE_RETRY_MS: i64 = 1_000;

/// What a ticket was for.
#[derive(Debug)]
enum Pending {
    Insert { request: RequestId, jobs: usize, bytes: usize },
    Claim { queue: Arc<str> },
    Finish { attempt: AttemptId, queue: Arc<str> },
    Progress,
    Cancel { request: RequestId, id: JobId },
    Retry { request: RequestId, id: JobId },
    Clear { request: RequestId, queue: Option<String>, finished_by_ms: i64, cleared: u64 },
    Configure { request: Option<RequestId>, queue: Arc<str>, settings: QueueSettings },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// Cancelled, and the work has not ended yet.
    Stopping,
}

/// An attempt whose work has not ended.
#[derive(Debug)]
struct Working {
    attempt: u32,
    queue: Arc<str>,
    phase: Phase,
}

/// A claimed job whose earlier, cancelled attempt is still at work. It has a slot, and starts when that
/// work has ended.
#[derive(Debug)]
struct Held {
    queue: Arc<str>,
    claimed: ClaimedJob,
}

/// The state machine. See the module's text.
#[derive(Debug)]
pub struct Core {
    config: CoreConfig,
    queues: BTreeMap<Arc<str>, QueueState>,
    /// Jobs at work: one attempt of each, with a slot. Bounded, like `held`, by the sum of all concurrencies.
    working: HashMap<JobId, Working>,
    held: HashMap<JobId, Held>,
    /// Bounded by `MAX_UNWRITTEN_JOBS`, `MAX_REQUESTS`, and one finish for each attempt that worked.
    pending: HashMap<Ticket, Pending>,
    next_ticket: u64,
    progress_under_way: bool,
    unwritten_jobs: usize,
    unwritten_bytes: usize,
    requests: usize,
    commit: CommitSeq,
    /// Ends of attempts that the store refused, to be written again. Bounded by the attempts that worked.
    refused_finishes: Vec<(Ticket, WriteOp)>,
    /// Something was refused in this step: it is to be tried again after a pause.
    wake_wanted: bool,
    wake_at_ms: Option<i64>,
    mode: Mode,
    drain_request: Option<RequestId>,
    /// Queues whose status changed since the last event.
    touched: HashSet<Arc<str>>,
}

impl Core {
    /// Applies what happened and says what is to be done. `now_ms` never decides an order; it may stand
    /// still or jump.
    pub fn apply(&mut self, input: Input, now_ms: i64) -> Vec<Decision> {
        let mut decisions = Vec::new();
        self.handle(input, now_ms, &mut decisions);
        self.claim_where_possible(&mut decisions);
        self.plan_wake(now_ms, &mut decisions);
        self.finish_drain(&mut decisions);
        self.publish_touched(&mut decisions);
        decisions
    }

    fn handle(&mut self, input: Input, now_ms: i64, out: &mut Vec<Decision>) {
        match input {
            Input::Add { request, jobs } => self.add(request, jobs, out),
            Input::Cancel { request, id } => {
                self.request(request, Pending::Cancel { request, id }, WriteOp::Cancel { id }, out);
            }
            Input::Retry { request, id } => self.retry(request, id, out),
            Input::Clear { request, queue } => self.clear(request, queue, now_ms, out),
            Input::Configure { request, queue, paused, concurrency } => {
                self.configure(request, &queue, paused, concurrency, out);
            }
            Input::Drain { request } => {
                self.mode = Mode::Draining;
                self.drain_request = Some(request);
            }
            Input::Ended { attempt, end, artifacts } => self.ended(attempt, end, artifacts, out),
            Input::Progress { reports } => self.progress(reports, out),
            Input::Committed { commit, results } => self.committed(commit, results, out),
            Input::WriteFailed { ops, error } => self.write_failed(ops, &error, out),
            Input::Wake => self.wake(now_ms, out),
        }
    }

    /// Every queue as it stands, sorted by name.
    pub fn statuses(&self) -> Vec<QueueStatus> {
        self.queues.iter().map(|(name, queue)| queue.status(name)).collect()
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

    fn write(&mut self, pending: Pending, op: WriteOp, out: &mut Vec<Decision>) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.pending.insert(ticket, pending);
        out.push(Decision::Write(ticket, op));
    }

    /// Writes for a caller, within the bound on requests under way; answers whether it was.
    fn request(
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
        if self.touched.is_empty() {
            return;
        }
        let mut queues: Vec<QueueStatus> = std::mem::take(&mut self.touched)
            .iter()
            .filter_map(|name| self.queues.get(name).map(|queue| queue.status(name)))
            .collect();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        if let Some(Decision::Publish(events)) =
            out.iter_mut().find(|decision| matches!(decision, Decision::Publish(_)))
        {
            events.queues = queues;
        } else {
            out.push(Decision::Publish(CommitEvents { commit: self.commit, queues, ..Default::default() }));
        }
    }

    fn finish_drain(&mut self, out: &mut Vec<Decision>) {
        if self.working.is_empty()
            && self.held.is_empty()
            && self.pending.is_empty()
            && self.refused_finishes.is_empty()
            && let Some(request) = self.drain_request.take()
        {
            out.push(Decision::Answer(request, Ok(Answer::Drained)));
        }
    }
}
