//! Live views that outlive their connection: when it is lost, the feed says so, connects again with backoff
//! and watches anew. After each connection every view begins with a snapshot.

use std::collections::HashMap;
use std::time::Duration;

use taskyard::shared::command::{ClientFrame, Reply};
use taskyard::shared::event::ServerFrame;
use taskyard::shared::view::{ViewDelta, ViewId, ViewQuery, ViewSnapshot};

use tokio::sync::mpsc;

use super::backoff::Backoff;
use super::socket::{Socket, SocketError};
use crate::cli::client::Api;
use crate::cli::error::CliError;

/// Watches some views of a server.
pub struct Feed {
    api: Api,
    queries: Vec<ViewQuery>,
    connection: Option<Connection>,
    backoff: Backoff,
    /// How long to wait before connecting, once the loss was told.
    delay: Option<Duration>,
}

struct Connection {
    socket: Socket,
    /// The sequence number of the last frame of each view that has had its snapshot.
    views: HashMap<ViewId, u64>,
}

pub enum FeedEvent {
    Snapshot(ViewSnapshot),
    Delta(ViewDelta),
    /// What was shown is stale from now on, until the next snapshot.
    Lost {
        reason: String,
        retry_in: Duration,
    },
}

impl Feed {
    /// Connects and watches.
    ///
    /// # Errors
    /// No server is there, or it refuses.
    pub async fn open(api: &Api, queries: Vec<ViewQuery>) -> Result<Self, CliError> {
        let backoff = Backoff::default();
        let mut feed = Feed { api: api.clone(), queries, connection: None, backoff, delay: None };
        let connection = feed.connect().await.map_err(|error| feed.translate(error))?;
        feed.connection = Some(connection);
        Ok(feed)
    }

    /// The next change. Waits through lost connections for as long as it takes.
    ///
    /// # Errors
    /// The server refuses a view, or does not speak the protocol.
    pub async fn next(&mut self) -> Result<FeedEvent, CliError> {
        loop {
            let outcome = match &mut self.connection {
                Some(connection) => connection.next_event().await,
                None => {
                    if let Some(delay) = self.delay.take() {
                        tokio::time::sleep(delay).await;
                    }
                    match self.connect().await {
                        Ok(connection) => {
                            self.connection = Some(connection);
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
            };
            match outcome {
                Ok(event) => {
                    self.backoff.reset();
                    return Ok(event);
                }
                Err(SocketError::Lost(reason)) => {
                    self.connection = None;
                    let retry_in = self.backoff.next_delay();
                    self.delay = Some(retry_in);
                    return Ok(FeedEvent::Lost { reason, retry_in });
                }
                Err(error) => return Err(self.translate(error)),
            }
        }
    }

    /// The feed in a task of its own: dropping the future of [`Feed::next`] half-way would lose a frame. The channel
    /// is short: when its reader is slow the feed waits, and the server coalesces.
    pub fn into_events(mut self) -> mpsc::Receiver<Result<FeedEvent, CliError>> {
        let (sender, receiver) = mpsc::channel(4);
        actix_web::rt::spawn(async move {
            loop {
                let event = self.next().await;
                let is_last = event.is_err();
                if sender.send(event).await.is_err() || is_last {
                    return;
                }
            }
        });
        receiver
    }

    async fn connect(&self) -> Result<Connection, SocketError> {
        let mut socket = Socket::connect(&self.api.socket_address()).await?;
        for (id, query) in (1..).zip(&self.queries) {
            socket.send(&ClientFrame::Watch { id, query: query.clone(), resume: None }).await?;
        }
        Ok(Connection { socket, views: HashMap::new() })
    }

    fn translate(&self, error: SocketError) -> CliError {
        match error {
            SocketError::Lost(reason) => CliError::NotThere { server: self.api.server().to_owned(), reason },
            SocketError::Refused(error) => CliError::Refused(error.into()),
            SocketError::Strange(reason) => self.api.strange(reason),
        }
    }
}

impl Connection {
    async fn next_event(&mut self) -> Result<FeedEvent, SocketError> {
        loop {
            match self.socket.next().await? {
                ServerFrame::Snapshot { view, seq, snapshot } => {
                    self.took(view, seq).await?;
                    return Ok(FeedEvent::Snapshot(snapshot));
                }
                ServerFrame::Delta { view, seq, delta } => {
                    let before = self.views.get(&view);
                    if before.is_none_or(|before| before + 1 != seq) {
                        // Whatever was missed is in the snapshot of the next connection.
                        return Err(SocketError::Lost("a frame is missing".to_owned()));
                    }
                    self.took(view, seq).await?;
                    return Ok(FeedEvent::Delta(delta));
                }
                ServerFrame::Reply { reply: Reply::Error { error }, .. } | ServerFrame::Error { error } => {
                    return Err(match error.code.is_retryable() {
                        true => SocketError::Lost(error.to_string()),
                        false => SocketError::Refused(error),
                    });
                }
                ServerFrame::Stopping {} => {
                    return Err(SocketError::Lost("the server is stopping".to_owned()));
                }
                ServerFrame::Reply { .. } | ServerFrame::Hello { .. } => {}
            }
        }
    }

    async fn took(&mut self, view: ViewId, seq: u64) -> Result<(), SocketError> {
        self.views.insert(view, seq);
        self.socket.send(&ClientFrame::Ack { view, seq }).await
    }
}
