//! What the hub can be told, and what it tells the sessions.

use actix::{Message, Recipient};
use bytestring::ByteString;
use taskyard_shared::error::WireError;
use taskyard_shared::service::{CacheStatus, LimiterStatus, PoolStatus};
use taskyard_shared::view::{ViewId, ViewQuery};

use super::pages::Page;

/// The number of a socket, never used twice within a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// How a service stands now. Each service tells it a few times a second at most.
#[derive(Clone, Debug, Message, PartialEq)]
#[rtype(result = "()")]
pub enum ServiceStatus {
    Limiter(LimiterStatus),
    Cache(CacheStatus),
    /// All of them, sorted by name.
    Pools(Vec<PoolStatus>),
}

/// A session wants a view. Answered through `to` by `Watching` and then frames, or by `Refused`.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Watch {
    pub session: SessionId,
    pub to: Recipient<ToSession>,
    /// Comes back in the answer.
    pub request: u64,
    pub query: ViewQuery,
    /// The last frame that the client has, of this instance of the server.
    pub resume: Option<(ViewId, u64)>,
}

/// A session wants no more frames of a view.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Unwatch {
    pub session: SessionId,
    pub view: ViewId,
}

/// A session dropped a frame because its client has no credit: it wants nothing more of this view until
/// it asks for a snapshot.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Pause {
    pub session: SessionId,
    pub view: ViewId,
}

/// A session that missed frames of a view can take a snapshot now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Resync {
    pub session: SessionId,
    pub view: ViewId,
}

/// A socket has closed.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SessionEnded {
    pub session: SessionId,
}

/// Makes the handler panic: how tests show what supervision does.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Panic;

/// A read of the store has ended.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ReadDone {
    pub view: ViewId,
    /// Tells this read from earlier ones that nobody waits for any more.
    pub read: u64,
    pub page: Result<Page, String>,
}

/// From the hub to a session. Sent in the order in which the client must get it.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub enum ToSession {
    /// The `watch` was accepted; frames follow.
    Watching { request: u64, view: ViewId },
    /// The `watch` was not accepted.
    Refused { request: u64, error: WireError },
    /// The view as it stands.
    Snapshot { view: ViewId, seq: u64, text: ByteString },
    /// What changed in one step.
    Delta { view: ViewId, seq: u64, text: ByteString },
    /// The steps that a tab missed while it was away; `seq` is the last one's.
    Resumed { view: ViewId, seq: u64, texts: Vec<ByteString> },
    /// Frames were not sent because the mailbox was full: ask for a snapshot when there is credit.
    Missed { view: ViewId },
}
