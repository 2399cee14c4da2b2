//! What a client says: frames, and the commands in them.

use serde::{Deserialize, Serialize};

use crate::batch::{BatchId, BatchStatus};
use crate::error::WireError;
use crate::explain::Explanation;
use crate::job::{JobDetail, JobId};
use crate::kind::KindInfo;
use crate::limit::{Limit, LimitStatus};
use crate::new_job::{NewJob, NewJobs};
use crate::object::objects_only;
use crate::operation::{NewOperation, Operation, OperationId};
use crate::queue::{QueueChange, QueueStatus};
use crate::schedule::{Schedule, ScheduleStatus};
use crate::service::Services;
use crate::view::{ViewId, ViewQuery, YardLists};

objects_only!(ClientFrame, Resume, Command);

/// One text frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "ClientFrame", tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::large_enum_variant,
        reason = "a frame is taken apart as soon as it is there; none are kept"
    )
)]
pub enum ClientFrame {
    /// The first frame, and only the first.
    Hello { version: u32 },
    /// Asks for something to be done. Answered by exactly one reply with the same `id`, which the client
    /// chooses.
    Command { id: u64, command: Command },
    /// Starts watching a view. Answered by a reply `watching`, then by frames of that view.
    Watch {
        id: u64,
        query: ViewQuery,
        /// What the client had before it lost its connection, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
    },
    /// Stops watching. Not answered; frames already on their way may still arrive.
    Unwatch { view: ViewId },
    /// Says that the view's frame `seq` and all before it were taken in.
    Ack { view: ViewId, seq: u64 },
}

/// The last frame that a client has of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Resume", deny_unknown_fields)]
pub struct Resume {
    /// The `instance` of the server's hello at that time: sequence numbers of another count for nothing.
    pub instance: String,
    pub view: ViewId,
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(remote = "Command", tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    AddJob {
        job: NewJob,
    },
    /// Adds several jobs at once, which may wait for each other.
    AddJobs {
        jobs: NewJobs,
    },
    /// Jobs that have not ended only. A running job's work is stopped; its slot is free once it has ended.
    CancelJob {
        id: JobId,
    },
    /// Failed and cancelled jobs: makes the job pending again. Scheduled jobs: makes them pending now.
    RetryJob {
        id: JobId,
    },
    /// Finished jobs only.
    DeleteJob {
        id: JobId,
    },
    /// Jobs that have not begun only.
    SetPriority {
        id: JobId,
        priority: i16,
    },
    /// Why the job is not running.
    ExplainJob {
        id: JobId,
    },
    /// Deletes every completed, failed and cancelled job, or only those of one queue.
    ClearFinished {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<String>,
    },
    PauseQueue {
        queue: String,
    },
    ResumeQueue {
        queue: String,
    },
    /// 1 to [`crate::limits::MAX_CONCURRENCY`]. Lowering it stops nothing that runs.
    SetConcurrency {
        queue: String,
        concurrency: u32,
    },
    ConfigureQueue {
        queue: String,
        change: QueueChange,
    },
    ShowJob {
        id: JobId,
    },
    ShowBatch {
        id: BatchId,
    },
    ListKinds {},
    /// Does something to all jobs that match a filter.
    StartOperation {
        operation: NewOperation,
    },
    /// While it waits only.
    UndoOperation {
        id: OperationId,
    },
    /// Makes a limit, or changes the one of that name.
    SetLimit {
        limit: Limit,
    },
    RemoveLimit {
        name: String,
    },
    /// Makes a schedule, or changes the one of that name.
    SetSchedule {
        schedule: Schedule,
    },
    RemoveSchedule {
        name: String,
    },
    PauseSchedule {
        name: String,
    },
    ResumeSchedule {
        name: String,
    },
    /// Adds its job now, besides its runs.
    RunSchedule {
        name: String,
    },
    /// The next ten runs of a schedule that is not stored.
    PreviewSchedule {
        cron: String,
        /// Without it, UTC.
        #[serde(default = "utc")]
        zone: String,
    },
    /// What the view `yard` shows.
    ListYard {},
    /// What the view `services` shows.
    ListServices {},
    /// Drops an entry of the cache, or all of them.
    DropCached {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
}

impl Command {
    /// Every `type` that a command can have.
    pub const NAMES: [&str; 28] = [
        "add_job",
        "add_jobs",
        "cancel_job",
        "retry_job",
        "delete_job",
        "set_priority",
        "explain_job",
        "clear_finished",
        "pause_queue",
        "resume_queue",
        "set_concurrency",
        "configure_queue",
        "show_job",
        "show_batch",
        "list_kinds",
        "start_operation",
        "undo_operation",
        "set_limit",
        "remove_limit",
        "set_schedule",
        "remove_schedule",
        "pause_schedule",
        "resume_schedule",
        "run_schedule",
        "preview_schedule",
        "list_yard",
        "list_services",
        "drop_cached",
    ];
}

/// What a command or a `watch` came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// The job is stored and survives a power cut.
    JobAdded {
        id: JobId,
        /// False: another job had its unique key, and this is that one.
        #[serde(default = "yes", skip_serializing_if = "is_true")]
        is_new: bool,
    },
    /// One outcome for each job, in their order; that of `then` comes last.
    JobsAdded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<BatchId>,
        outcomes: Vec<AddOutcome>,
    },
    /// `was_running`: its work is being stopped.
    JobCancelled {
        id: JobId,
        was_running: bool,
    },
    JobRetried {
        id: JobId,
    },
    JobDeleted {
        id: JobId,
    },
    PrioritySet {
        id: JobId,
        priority: i16,
    },
    Explained {
        explanation: Explanation,
    },
    FinishedCleared {
        count: u64,
    },
    QueueChanged {
        queue: QueueStatus,
    },
    Job {
        detail: Box<JobDetail>,
    },
    Kinds {
        kinds: Vec<KindInfo>,
    },
    Batch {
        batch: BatchStatus,
    },
    /// As it stands: just asked for, or undone.
    Operation {
        operation: Operation,
    },
    LimitSet {
        limit: LimitStatus,
    },
    LimitRemoved {
        name: String,
    },
    ScheduleSet {
        schedule: Box<ScheduleStatus>,
    },
    ScheduleRemoved {
        name: String,
    },
    /// Times in milliseconds since the Unix epoch.
    Preview {
        runs_at_ms: Vec<i64>,
    },
    Yard {
        yard: YardLists,
    },
    Services {
        services: Services,
    },
    /// How many entries were dropped.
    CacheDropped {
        count: u64,
    },
    /// Frames with this `view` follow. Connections that watch the same query get the same number.
    Watching {
        view: ViewId,
    },
    Error {
        error: WireError,
    },
}

/// What became of one of several jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AddOutcome {
    Added {
        id: JobId,
    },
    /// Another job has its unique key.
    Existing {
        id: JobId,
    },
    /// A job that had its unique key got its arguments.
    Replaced {
        id: JobId,
    },
    Refused {
        error: WireError,
    },
    /// Nothing is wrong with it, but another job of the call was refused.
    NotAdded {},
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

fn is_true(flag: &bool) -> bool {
    *flag
}
