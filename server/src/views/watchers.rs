//! Who watches one view, and how far each of them is.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use actix::Recipient;
use actix::prelude::SendError;
use taskyard_shared::error::WireError;
use taskyard_shared::view::ViewId;

use super::counters::LiveCounters;
use super::frames::Frame;
use super::messages::{SessionId, ToSession};

/// At most one for each open session.
pub(super) struct Watchers {
    view: ViewId,
    by_session: HashMap<SessionId, Watcher>,
    counters: Arc<LiveCounters>,
}

struct Watcher {
    to: Recipient<ToSession>,
    standing: Standing,
    /// `watch`es to answer once the rows are there. Bounded by the session, which counts its open requests.
    requests: Vec<Request>,
}

pub(super) struct Request {
    pub number: u64,
    /// The last frame that the client has of this very view.
    pub has: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Gets every delta.
    Current,
    /// Missed something, and gets nothing until it asks.
    Paused,
    /// Gets a snapshot as soon as there is one.
    WantsSnapshot,
}

impl Watchers {
    pub fn new(view: ViewId, counters: Arc<LiveCounters>) -> Self {
        Watchers { view, by_session: HashMap::new(), counters }
    }

    pub fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }

    pub fn add(&mut self, session: SessionId, to: Recipient<ToSession>, request: Request) {
        let watcher = self.by_session.entry(session).or_insert_with(|| Watcher {
            to,
            standing: Standing::WantsSnapshot,
            requests: Vec::new(),
        });
        watcher.standing = Standing::WantsSnapshot;
        watcher.requests.push(request);
    }

    pub fn remove(&mut self, session: SessionId) -> bool {
        self.by_session.remove(&session).is_some()
    }

    pub fn pause(&mut self, session: SessionId) {
        if let Some(watcher) = self.by_session.get_mut(&session) {
            watcher.standing = Standing::Paused;
        }
    }

    pub fn want_snapshot(&mut self, session: SessionId) {
        if let Some(watcher) = self.by_session.get_mut(&session) {
            watcher.standing = Standing::WantsSnapshot;
            self.counters.resyncs.fetch_add(1, Relaxed);
        }
    }

    /// The frames start over: those who are paused must ask again, the others get a snapshot.
    pub fn start_over(&mut self) {
        let view = self.view;
        for watcher in self.by_session.values_mut() {
            match watcher.standing {
                Standing::Paused => watcher.to.do_send(ToSession::Missed { view }),
                Standing::Current | Standing::WantsSnapshot => watcher.standing = Standing::WantsSnapshot,
            }
        }
    }

    /// Sends one frame to all who are up to date: one send each.
    pub fn send_delta(&mut self, frame: &Frame) {
        let (view, seq) = (self.view, frame.seq);
        self.by_session.retain(|_, watcher| {
            if watcher.standing != Standing::Current {
                return true;
            }
            watcher.deliver(ToSession::Delta { view, seq, text: frame.text.clone() }, view, &self.counters)
        });
    }

    /// Answers every open `watch`, and brings those up to date who are to be.
    ///
    /// `snapshot` makes the present snapshot; `since` the frames after a number, if they are still there.
    pub fn serve(&mut self, mut snapshot: impl FnMut() -> Frame, since: impl Fn(u64) -> Option<Vec<Frame>>) {
        let (view, counters) = (self.view, &self.counters);
        self.by_session.retain(|_, watcher| {
            let mut missing = None;
            for request in watcher.requests.drain(..) {
                watcher.to.do_send(ToSession::Watching { request: request.number, view });
                missing = request.has.and_then(&since);
            }
            if watcher.standing != Standing::WantsSnapshot {
                return true;
            }
            watcher.standing = Standing::Current;
            match missing {
                Some(frames) => watcher.resume(frames, view, counters),
                None => {
                    let Frame { seq, text } = snapshot();
                    watcher.deliver(ToSession::Snapshot { view, seq, text }, view, counters)
                }
            }
        });
    }

    /// Turns all away whose `watch` was not answered yet.
    pub fn refuse(&mut self, error: &WireError) {
        self.by_session.retain(|_, watcher| {
            let was_waiting = !watcher.requests.is_empty();
            for request in watcher.requests.drain(..) {
                watcher.to.do_send(ToSession::Refused { request: request.number, error: error.clone() });
            }
            !was_waiting
        });
    }
}

impl Watcher {
    fn resume(&mut self, frames: Vec<Frame>, view: ViewId, counters: &LiveCounters) -> bool {
        let Some(seq) = frames.last().map(|frame| frame.seq) else { return true };
        let texts = frames.into_iter().map(|frame| frame.text).collect();
        self.deliver(ToSession::Resumed { view, seq, texts }, view, counters)
    }

    /// Answers whether the session still lives. One whose mailbox is full gets nothing more of this view
    /// until it asks; the message that tells it so is the only one beyond the mailbox's bound.
    fn deliver(&mut self, frame: ToSession, view: ViewId, counters: &LiveCounters) -> bool {
        match self.to.try_send(frame) {
            Ok(()) => {
                counters.frames_sent.fetch_add(1, Relaxed);
                true
            }
            Err(SendError::Full(_)) => {
                counters.frames_dropped.fetch_add(1, Relaxed);
                self.standing = Standing::Paused;
                self.to.do_send(ToSession::Missed { view });
                true
            }
            Err(SendError::Closed(_)) => false,
        }
    }
}
