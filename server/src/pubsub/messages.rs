//! What `PubSub` can be told, and what it passes on.

use std::sync::Arc;

use actix::{Message, Recipient};
use taskyard_shared::job::{JobId, JobSummary, Progress};
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::log::LogLine;
use taskyard_shared::operation::Operation;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::ScheduleStatus;

use crate::store::CommitSeq;

/// Everything that one commit changed. Published after the commit, in commit order, as one shared value.
#[derive(Debug, Default, PartialEq)]
pub struct CommitEvents {
    pub commit: CommitSeq,
    /// In the order in which the changes were made; a job may stand in it more than once.
    pub changes: Vec<JobChange>,
    /// Queues of which a setting or a count changed, as they are after the commit.
    pub queues: Vec<QueueStatus>,
    /// Lines that were added to logs, in order.
    pub lines: Vec<(JobId, LogLine)>,
    /// Every limit, schedule or operation as it stands, where that changed.
    pub limits: Option<Vec<LimitStatus>>,
    pub schedules: Option<Vec<ScheduleStatus>>,
    pub operations: Option<Vec<Operation>>,
    /// Events of earlier commits may not have been published, because the queue restarted: whoever keeps
    /// rows must read them anew.
    pub reload: bool,
}

/// One change to a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobChange {
    /// The job is new or changed: this is what it is now.
    Changed(Arc<JobSummary>),
    /// Only the progress of its running attempt changed.
    Progressed(JobId, Progress),
    /// Deleted.
    Removed(Vec<JobId>),
}

/// Tells all subscribers. Sent by the queue alone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Publish(pub Arc<CommitEvents>);

/// From now on `subscriber` gets every [`Publish`], until it is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Subscribe {
    pub subscriber: Recipient<Publish>,
}

/// Asks for the counters; whoever has them reads them at any time.
#[derive(Message)]
#[rtype(result = "Arc<super::PubSubCounters>")]
pub struct GetCounters;
