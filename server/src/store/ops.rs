//! What the writer can be told; what it answers is in `results.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::job::{FileRef, JobId, JobOptions, JobState, Progress};
use taskyard_shared::limit::{Limit, LimitStatus};
use taskyard_shared::limits::{
    MAX_ATTEMPTS, MAX_CONCURRENCY, MAX_DELAY_MS, MIN_RETENTION_MS, MIN_TIMEOUT_MS,
};
use taskyard_shared::log::LogLine;
use taskyard_shared::new_job::{AddMode, OnConflict};
use taskyard_shared::operation::{BulkAction, Operation, OperationId};
use taskyard_shared::queue::{Retention, StateCounts};
use taskyard_shared::schedule::ScheduleStatus;
use taskyard_shared::view::JobFilter;

pub use super::results::*;
use super::{CommitSeq, Seats};

/// A job to be stored, checked and complete but for its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobInsert {
    pub kind: Arc<str>,
    pub queue: Arc<str>,
    pub name: String,
    pub detail: String,
    /// JSON, as it is stored.
    pub args: String,
    /// Uploads that the arguments name.
    pub inputs: Vec<FileRef>,
    pub priority: i16,
    /// Not before this.
    pub run_at_ms: Option<i64>,
    pub max_attempts: u32,
    pub options: JobOptions,
    /// Which of `max_attempts` and `options.timeout_ms` are only the kind's, so that the queue's go before them.
    /// The core has done that when a store sees the job.
    pub kind_says: KindSays,
    pub unique: Option<UniqueInsert>,
    pub after: Vec<AfterInsert>,
    /// The arguments take up results of the jobs in `after`.
    pub takes_results: bool,
    /// Its number in the call, as people count (from 1): jobs are stored in another order. For words about it alone.
    #[serde(default)]
    pub number: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindSays {
    pub max_attempts: bool,
    pub timeout: bool,
}

/// See [`taskyard_shared::new_job::Unique`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UniqueInsert {
    /// With the kind in it. The same as `options.unique_key`.
    pub key: String,
    pub period_ms: Option<i64>,
    pub states: Vec<JobState>,
    pub on_conflict: OnConflict,
}

/// A job that another one waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterInsert {
    Stored(JobId),
    /// The one at this place of the same operation, which is before its own.
    Inserted(usize),
}

/// What holds for all jobs of one insert.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AddTerms {
    pub mode: AddMode,
    /// Makes a batch of them, under this name.
    pub batch: Option<String>,
    /// Answers a repeated request with the first answer.
    pub idempotency: Option<IdempotencyKey>,
    /// Jobs that the queue's core refuses, by their places: filled there, and heeded by [`super::insert_plan`].
    pub refused: BTreeMap<usize, InsertError>,
    /// Which jobs of the call these are, for the answer that is kept under the key. None: all of them, in order.
    pub seats: Option<Seats>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    pub key: String,
    /// SHA-256 of the request in lower-case hexadecimal: another request with the same key is refused.
    pub fingerprint: String,
}

/// How an attempt ended, as its executor saw it; the core adds when it is tried again.
#[derive(Clone, Debug, PartialEq)]
pub enum AttemptEnd {
    Completed {
        result: Value,
        /// The earlier job whose result it is.
        reused: Option<JobId>,
    },
    Failed {
        error: String,
        then: AfterFailure,
    },
    /// The work asked to be run again: a new attempt, and this one is not counted as a failure.
    Snoozed {
        until_ms: i64,
        reason: String,
    },
    /// Stopped before it had ended, because the server stops: the job is pending again, and this attempt
    /// (recorded as `lost`) is not held against it.
    Released,
}

/// What a failed attempt leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// For the core to decide, by the job's attempts and backoff. A store never sees it.
    Undecided,
    /// Not before this, if the error names a time; it still counts against the attempts. Only from an executor.
    NotBefore { at_ms: i64 },
    /// `scheduled` for this time.
    Retry { at_ms: i64 },
    /// `failed`.
    Final,
}

/// The settings of a queue that survive a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    pub concurrency: u32,
    pub paused: bool,
    pub draining: bool,
    pub max_attempts: Option<u32>,
    pub timeout_ms: Option<u64>,
    pub retention: Retention,
}

impl QueueSettings {
    /// Everything but the concurrency as it is unless somebody says otherwise.
    pub fn with_concurrency(concurrency: u32) -> Self {
        QueueSettings {
            concurrency,
            paused: false,
            draining: false,
            max_attempts: None,
            timeout_ms: None,
            retention: Retention::default(),
        }
    }

    /// What the queue says of its jobs goes before what their kind says.
    pub fn complete(&self, job: &mut JobInsert) {
        if let Some(max_attempts) = self.max_attempts.filter(|_| job.kind_says.max_attempts) {
            job.max_attempts = max_attempts;
        }
        if job.kind_says.timeout && self.timeout_ms.is_some() {
            job.options.timeout_ms = self.timeout_ms;
        }
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The setting that is out of bounds, and why.
    pub fn check(&self) -> Result<(), FieldError> {
        let wrong = |field: &str, message: String| Err(FieldError { field: format!("${field}"), message });
        if !(1..=MAX_CONCURRENCY).contains(&self.concurrency) {
            let found = self.concurrency;
            return wrong("concurrency", format!("it is {found}; it must be 1 to {MAX_CONCURRENCY}"));
        }
        if let Some(found) = self.max_attempts.filter(|found| !(1..=MAX_ATTEMPTS).contains(found)) {
            return wrong("max_attempts", format!("it is {found}; it must be 1 to {MAX_ATTEMPTS}"));
        }
        if let Some(found) = self.timeout_ms.filter(|found| !(MIN_TIMEOUT_MS..=MAX_DELAY_MS).contains(found))
        {
            return wrong(
                "timeout_ms",
                format!("it is {found}; it must be {MIN_TIMEOUT_MS} to {MAX_DELAY_MS}"),
            );
        }
        for state in JobState::ALL {
            let age = self.retention.keep(state).and_then(|keep| keep.max_age_ms);
            if let Some(found) = age.filter(|found| !(MIN_RETENTION_MS..=MAX_DELAY_MS).contains(found)) {
                let message = format!(
                    "max_age_ms of {state} is {found}; it must be {MIN_RETENTION_MS} to {MAX_DELAY_MS}"
                );
                return wrong("retention", message);
            }
        }
        Ok(())
    }
}

/// The kinds that this server has workers for. Jobs of others are not claimed.
pub type KnownKinds = Arc<BTreeSet<String>>;

/// One change. All changes of a batch are one transaction, and a later one sees what an earlier one did.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Stores the jobs, with the next ids in order; `created_at_ms` is the commit's time. What becomes of each is
    /// decided by [`super::insert_plan`]; a job's first state is [`super::transition::first_state`]. Their queue
    /// should have been configured before, in this batch or an earlier one: a queue that does not exist yet is
    /// created with a concurrency of 1, not paused. Two inputs of one job with the same name are refused, and with
    /// them the whole batch.
    Insert {
        jobs: Vec<JobInsert>,
        terms: AddTerms,
    },
    /// Makes up to `limit` pending jobs of the queue `processing`, each with a new attempt: progress starts at 0,
    /// and the error of the attempt before it is from now on found in that attempt alone. Highest priority first,
    /// then lowest id; but first the `oldest` lowest ids, whatever their priority, so that nothing starves.
    ///
    /// On the way, a job whose time to start is over is cancelled, one of a kind that is not in `kinds` and one
    /// that a limit does not admit is held back: still `pending`, but no claim looks at it again before it is
    /// released (see [`WriteOp::Promote`]) or it is its turn: where a limit with room holds back a job that comes before
    /// this one (see `turns.rs`), that is looked at in its place, and if it is of another queue, `due_at_ms` asks for
    /// a promotion at once. A limit of the whole queue holds nothing back: it ends the claim.
    /// After [`super::CLAIM_LOOKS`] jobs looked at in vain the claim ends with `more`. Whether the queue is
    /// paused or full is the caller's business.
    Claim {
        queue: Arc<str>,
        limit: u32,
        oldest: u32,
        kinds: Option<KnownKinds>,
    },
    /// Ends an attempt, together with the files it made. Changes nothing unless the job is `processing` and
    /// this is its current attempt. An artifact replaces one of the same name that an earlier attempt made. What
    /// the attempt took of limits is given back, and where that makes room, the first job held back is released.
    Finish {
        id: JobId,
        attempt: u32,
        end: AttemptEnd,
        artifacts: Vec<FileRef>,
    },
    /// The work of a cancelled job has ended: gives back what it took of limits, as `Finish` does.
    WorkEnded {
        id: JobId,
    },
    /// Progress of running attempts; reports about attempts that are over change nothing.
    Progress {
        reports: Vec<(JobId, u32, Progress)>,
    },
    /// Keeps lines of logs, of jobs that exist.
    Log {
        lines: Vec<(JobId, LogLine)>,
    },
    /// Makes a job that has not ended `cancelled`; a running attempt ends as `cancelled`, and keeps what it took of
    /// limits until `WorkEnded`.
    Cancel {
        id: JobId,
    },
    /// Makes a failed or cancelled job `pending` (`waiting` where a job that it comes after has not ended well),
    /// with no failures counted, and a scheduled job `pending` now. Its attempts and error are kept until it is
    /// claimed.
    Retry {
        id: JobId,
    },
    /// Deletes a finished job.
    Delete {
        id: JobId,
    },
    /// Of a job that has not begun.
    SetPriority {
        id: JobId,
        priority: i16,
    },
    /// Deletes up to `limit` finished jobs that reached their state at or before `finished_by_ms`, with
    /// their attempts, logs and file references; of one queue or of all, of one state or of all. Queue by queue in
    /// the order in which the queues were created, in each state by state (in the order of [`JobState`]); there
    /// those that finished first go first. A job whose result one takes up that has not ended is left alone.
    Clear {
        queue: Option<String>,
        state: Option<JobState>,
        finished_by_ms: i64,
        limit: u32,
    },
    /// Makes up to `limit` scheduled jobs whose time has come `pending`, and releases jobs held back by limits
    /// that admit them now, in the order of `turns.rs`, as many as
    /// [`crate::limits::MeterUse::free`] says. A meter that had jobs released and still holds others back is looked
    /// at again a second later, should a released job not start after all.
    Promote {
        limit: u32,
    },
    /// Tells up to `limit` waiting jobs that one they wait for has ended (or was deleted).
    Resolve {
        limit: u32,
    },
    /// Stores a queue's settings, creating it where needed.
    ConfigureQueue {
        queue: Arc<str>,
        settings: QueueSettings,
    },
    /// Stores a limit in place of the one of that name. Jobs that the old one held back are looked at anew by the
    /// next `Promote`.
    SetLimit {
        limit: Limit,
    },
    /// Jobs that it held back are released by the next `Promote`s.
    RemoveLimit {
        name: String,
    },
    /// Stores a schedule in place of the one of that name, whose history it keeps: see
    /// [`StoredSchedule::keep_history`].
    SetSchedule {
        schedule: Box<StoredSchedule>,
    },
    RemoveSchedule {
        name: String,
    },
    /// A run of a schedule: stores its job (unless the overlap rule forbids) and where the schedule stands, as
    /// one. Does nothing when there is no such schedule.
    FireSchedule {
        fire: Box<Fire>,
    },
    /// Stores an operation, with the next number. Its jobs are those stored now.
    StartOperation {
        action: BulkAction,
        filter: JobFilter,
        starts_at_ms: i64,
    },
    /// Begins it or goes on with it: looks at up to `limit` jobs, and does it to those that match.
    StepOperation {
        id: OperationId,
        limit: u32,
    },
    /// Ends an operation that has not begun.
    UndoOperation {
        id: OperationId,
    },
    /// Forgets up to `limit` of each: answers to repeated requests and unique keys whose time is over, meters that
    /// are idle, batches without jobs. Gives up to `free_pages` unused pages of the file back to the disk.
    Tidy {
        limit: u32,
        free_pages: u32,
    },
    /// Does nothing by itself: with its answer comes what others committed to the same file ([`Outside`]).
    CatchUp,
}

/// A schedule with what it adds, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSchedule {
    pub status: ScheduleStatus,
    pub job: JobInsert,
}

impl StoredSchedule {
    /// What the runs of a schedule left behind stays when the schedule is changed: a change may have been asked for
    /// before the latest of them was on the disk.
    pub fn keep_history(&mut self, of: &ScheduleStatus) {
        self.status.last_run_at_ms = of.last_run_at_ms;
        self.status.last_job = of.last_job;
        self.status.skipped = of.skipped;
    }
}

/// Notes in a schedule's status what came of a run; `outcome` is None where the run before has not ended. Only a job that
/// was added, or that took the place of another's arguments, makes a run.
pub(super) fn note_run(status: &mut ScheduleStatus, run_at_ms: i64, outcome: Option<&InsertOutcome>) {
    let job = match outcome {
        Some(InsertOutcome::Added(job)) => Some(job.id),
        Some(InsertOutcome::Replaced(moved)) => Some(moved.job.id),
        Some(InsertOutcome::Existing(_) | InsertOutcome::Refused(_) | InsertOutcome::NotAdded) | None => None,
    };
    match job {
        Some(id) => (status.last_run_at_ms, status.last_job) = (Some(run_at_ms), Some(id)),
        None => status.skipped += 1,
    }
}

/// A run of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Fire {
    pub name: String,
    pub job: JobInsert,
    pub run_at_ms: i64,
    pub next_run: NextRun,
    /// Not while the job that the schedule added last, as it stands when this is stored, has not ended.
    pub unless_unfinished: bool,
}

/// When a schedule runs next after a run of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextRun {
    /// When it would have without: the run was asked for besides.
    Unmoved,
    /// None: never again.
    At(Option<i64>),
}

impl NextRun {
    /// Moves a schedule on. One that is paused has no next run, whatever was planned before it was.
    pub fn apply_to(self, status: &mut ScheduleStatus) {
        if let NextRun::At(at_ms) = self {
            status.next_run_at_ms = at_ms;
        }
        if status.schedule.paused {
            status.next_run_at_ms = None;
        }
    }
}

/// What the queue needs to go on after a start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredYard {
    /// Sorted by name.
    pub queues: Vec<StoredQueue>,
    /// Sorted by id.
    pub processing: Vec<ClaimedJob>,
    /// Jobs that still count towards limits although none of their attempts is to be at work any more, by id: they
    /// were cancelled, and the end of their work was not told.
    pub still_counted: Vec<JobId>,
    /// Sorted by name.
    pub limits: Vec<LimitStatus>,
    /// Sorted by name.
    pub schedules: Vec<StoredSchedule>,
    /// Newest first.
    pub operations: Vec<Operation>,
    /// When there is something to promote.
    pub due_at_ms: Option<i64>,
    /// Waiting jobs are to be told of an end: a `Resolve` is due.
    pub unresolved: bool,
    pub commit: CommitSeq,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredQueue {
    pub name: Arc<str>,
    pub settings: QueueSettings,
    pub counts: StateCounts,
}
