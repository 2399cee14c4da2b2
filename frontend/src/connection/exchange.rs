//! The client's half of the protocol, without a socket: what to send, and what each frame means.
//!
//! Guarantees: the hello goes first; every command gets exactly one outcome; a view's frames reach its
//! watcher in sequence, and a gap makes it watch again; every view frame is acknowledged after its watcher
//! took it in. Bounded by what the page watches and by the commands that wait for their reply.

use taskyard_shared::PROTOCOL_VERSION;
use taskyard_shared::command::{ClientFrame, Command, Reply, Resume};
use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::event::ServerFrame;
use taskyard_shared::view::{ViewDelta, ViewId, ViewQuery, ViewSnapshot};

use crate::few::Few;
use crate::format;

/// Names one `watch` of the page, across reconnections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchKey(pub u64);

/// Why a command has no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Not sent: there is no connection.
    Offline,
    /// Sent, but the connection closed before the reply.
    OutcomeUnknown,
    /// The server said no.
    Refused(WireError),
}

impl Failure {
    pub fn sentence(&self) -> String {
        match self {
            Failure::Offline => "Not sent: there is no connection to the server right now.".to_owned(),
            Failure::OutcomeUnknown => {
                "The connection closed before the answer came: the outcome is unknown, check the list."
                    .to_owned()
            }
            Failure::Refused(error) => format::sentence(&error.message),
        }
    }
}

pub type Outcome = Result<Reply, Failure>;

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq)]
pub enum ViewUpdate {
    Snapshot(ViewSnapshot),
    Delta(ViewDelta),
    Refused(WireError),
}

/// What the owner of the socket must do, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Send(ClientFrame),
    Resolve {
        id: u64,
        outcome: Outcome,
    },
    Tell {
        key: WatchKey,
        update: ViewUpdate,
    },
    /// The server's hello has come.
    Greeted,
    /// Talking on makes no sense; the sentence says why.
    GiveUp(String),
}

struct Watch {
    query: ViewQuery,
    /// The request that waits for its `watching`.
    asked: Option<u64>,
    view: Option<ViewId>,
    /// The last frame taken in, of `view`.
    seq: Option<u64>,
}

#[derive(Default)]
pub struct Exchange {
    next_id: u64,
    next_key: u64,
    live: bool,
    instance: Option<String>,
    watches: Few<WatchKey, Watch>,
    /// Commands that wait for their reply.
    waiting: Vec<u64>,
    /// Watches that the page left before their answer came.
    abandoned: Few<u64, ViewQuery>,
}

impl Exchange {
    pub fn is_live(&self) -> bool {
        self.live
    }

    pub fn opened(&mut self) -> Vec<Effect> {
        vec![Effect::Send(ClientFrame::Hello { version: PROTOCOL_VERSION })]
    }

    /// The socket is gone. Watches are kept for the next one; commands end here.
    pub fn closed(&mut self) -> Vec<Effect> {
        self.live = false;
        self.abandoned.clear();
        for (_, watch) in self.watches.iter_mut() {
            watch.asked = None;
        }
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().map(|id| Effect::Resolve { id, outcome: Err(Failure::OutcomeUnknown) }).collect()
    }

    /// Nothing is queued while offline: then there is an error instead of a frame.
    pub fn command(&mut self, command: Command) -> Result<(u64, Effect), Failure> {
        if !self.live {
            return Err(Failure::Offline);
        }
        let id = self.fresh_id();
        self.waiting.push(id);
        Ok((id, Effect::Send(ClientFrame::Command { id, command })))
    }

    pub fn watch(&mut self, query: ViewQuery) -> (WatchKey, Vec<Effect>) {
        let key = WatchKey(self.next_key);
        self.next_key += 1;
        self.watches.insert(key, Watch { query, asked: None, view: None, seq: None });
        let effects = if self.live { self.ask(key, None) } else { Vec::new() };
        (key, effects)
    }

    pub fn unwatch(&mut self, key: WatchKey) -> Vec<Effect> {
        let Some(watch) = self.watches.remove(&key) else { return Vec::new() };
        if let Some(id) = watch.asked {
            self.abandoned.insert(id, watch.query);
            return Vec::new();
        }
        match watch.view {
            Some(view) if self.live && !self.wants(&watch.query) => {
                vec![Effect::Send(ClientFrame::Unwatch { view })]
            }
            _ => Vec::new(),
        }
    }

    pub fn received(&mut self, frame: ServerFrame) -> Vec<Effect> {
        match frame {
            ServerFrame::Hello { version, instance, .. } => self.greeted(version, instance),
            ServerFrame::Reply { id, reply } => self.replied(id, reply),
            ServerFrame::Snapshot { view, seq, snapshot } => self.snapshot(view, seq, snapshot),
            ServerFrame::Delta { view, seq, delta } => self.delta(view, seq, delta),
            ServerFrame::Error { error } if error.code == ErrorCode::UnsupportedVersion => {
                vec![Effect::GiveUp(error.message)]
            }
            ServerFrame::Error { .. } | ServerFrame::Stopping {} => Vec::new(),
        }
    }

    fn fresh_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The server has one view for one query: it must not be given up while another watch needs it.
    fn wants(&self, query: &ViewQuery) -> bool {
        self.watches.iter().any(|(_, watch)| watch.query == *query)
    }

    fn greeted(&mut self, version: u32, instance: String) -> Vec<Effect> {
        if version != PROTOCOL_VERSION {
            return vec![Effect::GiveUp("The server was updated. Reload this page to go on.".to_owned())];
        }
        self.live = true;
        let known = self.instance.as_ref() == Some(&instance);
        let mut effects = vec![Effect::Greeted];
        let keys: Vec<WatchKey> = self.watches.iter().map(|(key, _)| *key).collect();
        for key in keys {
            let resume = if known { self.resume_of(key, &instance) } else { None };
            effects.extend(self.ask(key, resume));
        }
        self.instance = Some(instance);
        effects
    }

    fn resume_of(&self, key: WatchKey, instance: &str) -> Option<Resume> {
        let watch = self.watches.get(&key)?;
        Some(Resume { instance: instance.to_owned(), view: watch.view?, seq: watch.seq? })
    }

    fn ask(&mut self, key: WatchKey, resume: Option<Resume>) -> Vec<Effect> {
        let id = self.fresh_id();
        let Some(watch) = self.watches.get_mut(&key) else { return Vec::new() };
        watch.asked = Some(id);
        if resume.is_none() {
            watch.view = None;
            watch.seq = None;
        }
        vec![Effect::Send(ClientFrame::Watch { id, query: watch.query.clone(), resume })]
    }

    fn replied(&mut self, id: u64, reply: Reply) -> Vec<Effect> {
        if let Some(at) = self.waiting.iter().position(|waiting| *waiting == id) {
            self.waiting.remove(at);
            let outcome = match reply {
                Reply::Error { error } => Err(Failure::Refused(error)),
                reply => Ok(reply),
            };
            return vec![Effect::Resolve { id, outcome }];
        }
        if let (Some(query), Reply::Watching { view }) = (self.abandoned.remove(&id), &reply) {
            let unwatch = Effect::Send(ClientFrame::Unwatch { view: *view });
            return if self.wants(&query) { Vec::new() } else { vec![unwatch] };
        }
        let asked = self.watches.iter_mut().find(|(_, watch)| watch.asked == Some(id));
        match (asked, reply) {
            (Some((_, watch)), Reply::Watching { view }) => {
                watch.asked = None;
                if watch.view != Some(view) {
                    watch.view = Some(view);
                    watch.seq = None;
                }
                Vec::new()
            }
            (Some((key, watch)), Reply::Error { error }) => {
                watch.asked = None;
                vec![Effect::Tell { key: *key, update: ViewUpdate::Refused(error) }]
            }
            _ => Vec::new(),
        }
    }

    fn snapshot(&mut self, view: ViewId, seq: u64, snapshot: ViewSnapshot) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (key, watch) in self.watches_of(view) {
            watch.seq = Some(seq);
            effects.push(Effect::Tell { key, update: ViewUpdate::Snapshot(snapshot.clone()) });
        }
        effects.push(Effect::Send(ClientFrame::Ack { view, seq }));
        effects
    }

    fn delta(&mut self, view: ViewId, seq: u64, delta: ViewDelta) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut broken = Vec::new();
        for (key, watch) in self.watches_of(view) {
            match watch.seq {
                Some(last) if seq == last + 1 => {
                    watch.seq = Some(seq);
                    effects.push(Effect::Tell { key, update: ViewUpdate::Delta(delta.clone()) });
                }
                Some(last) if seq <= last => {}
                _ => broken.push(key),
            }
        }
        effects.push(Effect::Send(ClientFrame::Ack { view, seq }));
        if !broken.is_empty() {
            effects.push(Effect::Send(ClientFrame::Unwatch { view }));
        }
        for key in broken {
            effects.extend(self.ask(key, None));
        }
        effects
    }

    fn watches_of(&mut self, view: ViewId) -> impl Iterator<Item = (WatchKey, &mut Watch)> {
        self.watches
            .iter_mut()
            .filter(move |(_, watch)| watch.view == Some(view) && watch.asked.is_none())
            .map(|(key, watch)| (*key, watch))
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
