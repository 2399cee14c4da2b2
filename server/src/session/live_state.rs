//! What every session needs of the yard.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix::Addr;
use futures_util::future::LocalBoxFuture;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::WireError;
use tokio_util::sync::CancellationToken;

use crate::Yard;
use crate::services::Client;
use crate::views::messages::SessionId;
use crate::views::{LiveCounters, ViewHub};

/// Does what a client asks: see [`Yard::execute_for`].
pub type Execute =
    Arc<dyn Fn(Client, Command) -> LocalBoxFuture<'static, Result<Reply, WireError>> + Send + Sync>;

/// Bounds and times of the sessions. The defaults are what `docs/PROTOCOL.md` states.
#[derive(Clone, Debug)]
pub struct LiveConfig {
    /// Sites other than this server's own whose pages may connect: `https://board.example.org`.
    pub allowed_origins: Vec<String>,
    /// Most sockets at a time. Further handshakes get 503 (`refused_sessions`).
    pub max_sessions: usize,
    /// A socket without a hello is closed after this time.
    pub hello_within: Duration,
    pub ping_every: Duration,
    /// A socket from which nothing at all came for this time is closed.
    pub silent_for: Duration,
    /// A `watch` that the hub has not answered by then is answered `unavailable`.
    pub watch_within: Duration,
    /// Most bytes of replies that may be on their way without a sign that the client reads. A client beyond
    /// it is closed, so a session holds at most this and one reply more.
    pub max_reply_backlog: u64,
}

impl Default for LiveConfig {
    fn default() -> Self {
        LiveConfig {
            allowed_origins: Vec::new(),
            max_sessions: 10_000,
            hello_within: Duration::from_secs(10),
            ping_every: Duration::from_secs(15),
            silent_for: Duration::from_secs(40),
            watch_within: Duration::from_secs(10),
            max_reply_backlog: 1024 * 1024,
        }
    }
}

/// Shared by all sessions; the server hands it to [`super::connect`] as `web::Data`.
pub struct LiveState {
    pub(super) execute: Execute,
    pub(super) hub: Addr<ViewHub>,
    pub(super) instance: String,
    pub(super) counters: Arc<LiveCounters>,
    /// Cancelled when the server stops: every session then says so and closes.
    pub(super) stopping: CancellationToken,
    pub(super) config: LiveConfig,
    sessions: AtomicU64,
}

impl LiveState {
    /// `instance` must differ at every start of the server; `counters` are those of the hub.
    pub fn new(
        execute: Execute,
        hub: Addr<ViewHub>,
        instance: String,
        counters: Arc<LiveCounters>,
        stopping: CancellationToken,
        config: LiveConfig,
    ) -> Self {
        LiveState { execute, hub, instance, counters, stopping, config, sessions: AtomicU64::new(0) }
    }

    /// What [`LiveState::new`] takes to execute commands, for a yard.
    pub fn execute_by(yard: Yard) -> Execute {
        Arc::new(move |client, command| {
            let yard = yard.clone();
            Box::pin(async move { yard.execute_for(&client, command).await })
        })
    }

    pub(super) fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Relaxed) + 1)
    }
}
