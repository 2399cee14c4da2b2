//! One view that is being watched: its content, its frames and its watchers, brought together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::view::{ViewId, ViewQuery};

use super::books::{Books, BooksChanged};
use super::content::{Content, Effect};
use super::counters::LiveCounters;
use super::frames::FrameLog;
use super::pages::{Page, Read};
use super::reading::Reading;
use super::watchers::Watchers;
use crate::pubsub::CommitEvents;
use crate::store::CommitSeq;

/// See the module.
pub(super) struct LiveView {
    pub id: ViewId,
    pub query: ViewQuery,
    pub watchers: Watchers,
    /// Since when nobody watches.
    pub unwatched_since: Option<Instant>,
    pub reading: Reading,
    content: Content,
    frames: FrameLog,
    /// Whether there is something to show. Until then watchers wait.
    ready: bool,
    /// Whether something may differ from the latest frame.
    dirty: bool,
    /// The commit up to which the content was read; its events and earlier ones are in it.
    as_of: CommitSeq,
}

impl LiveView {
    pub fn new(id: ViewId, query: ViewQuery, read_interval: Duration, counters: &Arc<LiveCounters>) -> Self {
        LiveView {
            id,
            watchers: Watchers::new(id, Arc::clone(counters)),
            unwatched_since: None,
            reading: Reading::new(read_interval),
            content: Content::new(&query, counters),
            query,
            frames: FrameLog::new(id),
            ready: false,
            dirty: false,
            as_of: CommitSeq::default(),
        }
    }

    /// Forgets the content, because it may be wrong, and gets it anew. Watchers stay.
    pub fn start_over(&mut self) {
        self.content.forget();
        self.frames.restart();
        self.ready = false;
        self.reading.start_over();
        self.watchers.start_over();
    }

    /// Notes since when nobody watches, or that somebody does.
    pub fn note_watchers(&mut self, now: Instant) {
        self.unwatched_since =
            if self.watchers.is_empty() { self.unwatched_since.or(Some(now)) } else { None };
    }

    /// Takes in one commit.
    pub fn apply(&mut self, events: &Arc<CommitEvents>, changed: BooksChanged) {
        self.dirty |= self.content.depends_on(changed);
        if !self.content.is_read_from_store() {
            return;
        }
        self.reading.keep(events);
        if events.reload {
            self.reading.want();
        }
        if events.commit > self.as_of {
            let effect = self.content.apply(events);
            self.take(effect);
            if self.content.needs_read() {
                self.reading.want();
            }
        }
    }

    /// A service stands differently now.
    pub fn service_changed(&mut self) {
        self.dirty |= self.content.shows_services();
    }

    /// What to read now, if anything is wanted.
    pub fn read(&self) -> Option<Read> {
        self.content.read()
    }

    /// When this view would like to read the store.
    pub fn read_due(&self, now: Instant) -> Option<Instant> {
        if self.content.is_read_from_store() { self.reading.due(now) } else { None }
    }

    /// Takes the page that a read brought. Answers whether the read must be done again.
    pub fn loaded(&mut self, page: &Page, books: &Books) -> bool {
        let Some(newer) = self.reading.newer_than(page.as_of()) else {
            self.reading.want();
            return true;
        };
        self.as_of = page.as_of();
        let effect = self.content.load(page, &newer);
        self.take(effect);
        if newer.iter().any(|events| events.reload) || self.content.needs_read() {
            self.reading.want();
        }
        self.become_ready(books);
        false
    }

    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Nothing => (),
            Effect::Changed => self.dirty = true,
            Effect::StartsOver => {
                self.frames.restart();
                self.watchers.start_over();
                self.serve();
            }
        }
    }

    /// The window lies beyond all rows and stays empty.
    pub fn nothing_to_read(&mut self, books: &Books) {
        self.reading.nothing_to_read();
        self.become_ready(books);
        self.serve();
    }

    /// The store refused: who waits for the first rows is told, who has rows keeps them until a later read
    /// succeeds.
    pub fn read_failed(&mut self, reason: &str, now: Instant) {
        self.reading.failed(now);
        if !self.ready {
            self.watchers.refuse(&WireError::new(ErrorCode::StoreFailed, reason));
        }
    }

    /// A view of what is in the books is there as soon as they are complete.
    pub fn look_into(&mut self, books: &Books) {
        if !self.ready && self.content.is_in(books) {
            self.become_ready(books);
            self.serve();
        }
    }

    /// What is there the first time is where the deltas begin: it needs none itself.
    fn become_ready(&mut self, books: &Books) {
        if !self.ready {
            self.ready = true;
            self.dirty = false;
            let _ = self.content.take_delta(books);
        }
    }

    pub fn is_dirty(&self) -> bool {
        self.ready && self.dirty
    }

    /// Sends what changed since the latest frame to all who are up to date.
    pub fn flush(&mut self, books: &Books) {
        if !self.is_dirty() {
            return;
        }
        self.dirty = false;
        if let Some(delta) = self.content.take_delta(books) {
            let frame = self.frames.push(delta);
            self.watchers.send_delta(&frame);
        }
    }

    /// Answers open `watch`es and sends the snapshots that are due.
    pub fn serve(&mut self) {
        if !self.ready {
            return;
        }
        let LiveView { watchers, frames, content, .. } = self;
        let frames = std::cell::RefCell::new(frames);
        watchers
            .serve(|| frames.borrow_mut().snapshot(|| content.snapshot()), |seq| frames.borrow().since(seq));
    }
}
