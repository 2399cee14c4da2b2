//! What a client says: frames, and the commands in them.

use serde::{Deserialize, Serialize};

use crate::error::WireError;
use crate::job::{JobDetail, JobId, NewJob};
use crate::kind::KindInfo;
use crate::queue::QueueStatus;
use crate::view::{ViewId, ViewQuery};

/// One text frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The `instance` of the server's hello at that time: sequence numbers of another count for nothing.
    pub instance: String,
    pub view: ViewId,
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    AddJob {
        job: NewJob,
    },
    /// Pending and processing jobs only. A running job's work is stopped; its slot is free once it has ended.
    CancelJob {
        id: JobId,
    },
    /// Failed and cancelled jobs only: makes the job pending again.
    RetryJob {
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
    ShowJob {
        id: JobId,
    },
    ListKinds {},
}

impl Command {
    /// Every `type` that a command can have.
    pub const NAMES: [&str; 9] = [
        "add_job",
        "cancel_job",
        "retry_job",
        "clear_finished",
        "pause_queue",
        "resume_queue",
        "set_concurrency",
        "show_job",
        "list_kinds",
    ];
}

/// What a command or a `watch` came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Reply {
    /// The job is stored and survives a power cut.
    JobAdded {
        id: JobId,
    },
    /// `was_running`: its work is being stopped.
    JobCancelled {
        id: JobId,
        was_running: bool,
    },
    JobRetried {
        id: JobId,
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
    /// Frames with this `view` follow. Connections that watch the same query get the same number.
    Watching {
        view: ViewId,
    },
    Error {
        error: WireError,
    },
}
