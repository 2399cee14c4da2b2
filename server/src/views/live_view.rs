//! One view that is being watched: its rows, its frames and its watchers, brought together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::view::{JobsQuery, ViewDelta, ViewId, ViewQuery, ViewSnapshot};

use super::counters::LiveCounters;
use super::frames::FrameLog;
use super::jobs_view::JobsView;
use super::queue_book::QueueBook;
use super::queues_view::QueuesView;
use super::reading::Reading;
use super::watchers::Watchers;
use crate::pubsub::CommitEvents;
use crate::store::{CommitSeq, JobsPage};

/// See the module.
pub(super) struct LiveView {
    pub id: ViewId,
    pub query: ViewQuery,
    pub watchers: Watchers,
    /// Since when nobody watches.
    pub unwatched_since: Option<Instant>,
    pub reading: Reading,
    content: Content,
    log: FrameLog,
    /// Whether there is something to show. Until then watchers wait.
    ready: bool,
    /// Whether something may differ from the latest frame.
    dirty: bool,
    /// The commit up to which the rows were read; its events and earlier ones are in them.
    as_of: CommitSeq,
}

enum Content {
    Queues(QueuesView),
    Jobs(Box<JobsView>),
}

impl Content {
    fn new(query: &ViewQuery) -> Self {
        match query {
            ViewQuery::Queues {} => Content::Queues(QueuesView::default()),
            ViewQuery::Jobs { query } => Content::Jobs(Box::new(JobsView::new(query))),
        }
    }

    fn take_delta(&mut self, book: &QueueBook) -> Option<ViewDelta> {
        match self {
            Content::Queues(view) => view.take_delta(book).map(|queues| ViewDelta::Queues { queues }),
            Content::Jobs(view) => {
                view.set_total(book.total(view.filter()));
                view.take_delta().map(|changes| ViewDelta::Jobs { changes })
            }
        }
    }

    fn snapshot(&self) -> ViewSnapshot {
        match self {
            Content::Queues(view) => ViewSnapshot::Queues { queues: view.snapshot() },
            Content::Jobs(view) => ViewSnapshot::Jobs { window: view.snapshot() },
        }
    }
}

impl LiveView {
    pub fn new(id: ViewId, query: ViewQuery, read_interval: Duration, counters: &Arc<LiveCounters>) -> Self {
        LiveView {
            id,
            watchers: Watchers::new(id, Arc::clone(counters)),
            unwatched_since: None,
            reading: Reading::new(read_interval),
            content: Content::new(&query),
            query,
            log: FrameLog::new(id),
            ready: false,
            dirty: false,
            as_of: CommitSeq::default(),
        }
    }

    /// Forgets the rows, because they may be wrong, and reads them anew. Watchers stay.
    pub fn start_over(&mut self) {
        // Keeps where an offset was resolved to: the watchers look at those rows.
        if let Content::Jobs(view) = &mut self.content {
            view.forget_rows();
        } else {
            self.content = Content::new(&self.query);
        }
        self.log.restart();
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
    pub fn apply(&mut self, events: &Arc<CommitEvents>, queues_changed: bool) {
        let Content::Jobs(view) = &mut self.content else {
            self.dirty |= queues_changed;
            return;
        };
        self.reading.keep(events);
        if events.reload {
            self.reading.want();
        }
        // Counts change with nearly every commit; whether this view's total did shows when the frame is made.
        self.dirty |= queues_changed;
        if events.commit > self.as_of {
            for change in &events.changes {
                self.dirty |= view.apply(change);
            }
            if view.needs_rows() {
                self.reading.want();
            }
        }
    }

    /// What to read now, if anything is wanted.
    pub fn read_query(&self) -> Option<JobsQuery> {
        match &self.content {
            Content::Queues(_) => None,
            Content::Jobs(view) => view.read_query(),
        }
    }

    /// When this view would like to read the store.
    pub fn read_due(&self, now: Instant) -> Option<Instant> {
        match &self.content {
            Content::Queues(_) => None,
            Content::Jobs(_) => self.reading.due(now),
        }
    }

    /// Takes the page that a read brought. Answers whether the read must be done again.
    pub fn loaded(&mut self, page: &JobsPage, book: &QueueBook) -> bool {
        let Content::Jobs(view) = &mut self.content else { return false };
        let Some(newer) = self.reading.newer_than(page.as_of) else {
            self.reading.want();
            return true;
        };
        view.load(page);
        self.as_of = page.as_of;
        for change in newer.iter().flat_map(|events| &events.changes) {
            view.apply(change);
        }
        if newer.iter().any(|events| events.reload) || view.needs_rows() {
            self.reading.want();
        }
        self.dirty = true;
        self.become_ready(book);
        false
    }

    /// The window lies beyond all rows and stays empty.
    pub fn nothing_to_read(&mut self, book: &QueueBook) {
        self.reading.nothing_to_read();
        self.become_ready(book);
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

    /// A view without rows to read is there as soon as the queues are known.
    pub fn queues_known(&mut self, book: &QueueBook) {
        self.dirty = true;
        if let Content::Queues(_) = self.content {
            self.become_ready(book);
        }
    }

    /// What is there the first time is where the deltas begin: it needs none itself.
    fn become_ready(&mut self, book: &QueueBook) {
        if !self.ready {
            self.ready = true;
            self.dirty = false;
            let _ = self.content.take_delta(book);
        }
    }

    pub fn is_dirty(&self) -> bool {
        self.ready && self.dirty
    }

    /// Sends what changed since the latest frame to all who are up to date.
    pub fn flush(&mut self, book: &QueueBook) {
        if !self.is_dirty() {
            return;
        }
        self.dirty = false;
        if let Some(delta) = self.content.take_delta(book) {
            let frame = self.log.push(delta);
            self.watchers.send_delta(&frame);
        }
    }

    /// Answers open `watch`es and sends the snapshots that are due.
    pub fn serve(&mut self) {
        if !self.ready {
            return;
        }
        let LiveView { watchers, log, content, .. } = self;
        let log = std::cell::RefCell::new(log);
        watchers.serve(|| log.borrow_mut().snapshot(|| content.snapshot()), |seq| log.borrow().since(seq));
    }
}
