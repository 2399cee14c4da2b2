//! Which views exist and who watches them. Called by the actor; itself without timers, threads or panics to
//! catch.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use taskyard_shared::error::{ErrorCode, WireError};
use taskyard_shared::view::{ViewId, ViewQuery};

use super::books::Books;
use super::counters::LiveCounters;
use super::live_view::LiveView;
use super::messages::{ReadDone, ServiceStatus, SessionId, ToSession, Watch};
use super::pages::Read;
use super::query::canonical;
use super::watchers::Request;
use crate::pubsub::CommitEvents;

/// Reads of the store at the same time, over all views. Others wait for their turn.
const MAX_READS: usize = 4;

/// The bounds and intervals of the hub.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// One frame of a view per this time, and one read of the store for it.
    pub frame_interval: Duration,
    /// How long a view that nobody watches is kept for those who come back.
    pub grace: Duration,
    /// Most views at a time. When one more is asked for, the one that nobody has watched for longest goes;
    /// when all are watched, the watcher is refused (`refused_views`).
    pub max_views: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        HubLimits {
            frame_interval: Duration::from_millis(50),
            grace: Duration::from_secs(30),
            max_views: 1000,
        }
    }
}

/// A read that the actor must start.
pub(super) struct StartRead {
    pub view: ViewId,
    pub read: u64,
    pub what: Read,
}

pub(super) struct Hub {
    limits: HubLimits,
    counters: Arc<LiveCounters>,
    views: HashMap<ViewId, LiveView>,
    by_query: HashMap<ViewQuery, ViewId>,
    books: Books,
    latest_view: u64,
    latest_read: u64,
    reads_under_way: usize,
    /// Not before this time may the next frames be sent.
    next_frames: Option<Instant>,
    /// A commit that is being taken in: still there after a panic.
    unfinished: Option<Arc<CommitEvents>>,
}

impl Hub {
    pub fn new(limits: HubLimits, counters: Arc<LiveCounters>) -> Self {
        Hub {
            limits,
            counters,
            views: HashMap::new(),
            by_query: HashMap::new(),
            books: Books::default(),
            latest_view: 0,
            latest_read: 0,
            reads_under_way: 0,
            next_frames: None,
            unfinished: None,
        }
    }

    /// After a panic: queries and watchers are kept, everything else is made anew.
    pub fn start_over(&mut self) {
        if let Some(events) = self.unfinished.take() {
            self.books.apply(&events);
        }
        for view in self.views.values_mut() {
            view.start_over();
            view.look_into(&self.books);
        }
    }

    /// Takes in one commit.
    pub fn published(&mut self, events: &Arc<CommitEvents>) {
        self.unfinished = Some(Arc::clone(events));
        let changed = self.books.apply(events);
        for view in self.views.values_mut() {
            view.apply(events, changed);
            view.look_into(&self.books);
        }
        self.unfinished = None;
    }

    /// Takes in how a service stands now.
    pub fn service_changed(&mut self, status: ServiceStatus) {
        if self.books.services.apply(status) {
            self.views.values_mut().for_each(LiveView::service_changed);
        }
    }

    pub fn watch(&mut self, message: Watch, now: Instant) {
        let Watch { session, to, request, query, resume } = message;
        let id = match self.view_for(canonical(query), now) {
            Ok(id) => id,
            Err(error) => return to.do_send(ToSession::Refused { request, error }),
        };
        let Some(view) = self.views.get_mut(&id) else { return };
        let has = resume.and_then(|(view, seq)| (view == id).then_some(seq));
        view.watchers.add(session, to, Request { number: request, has });
        view.unwatched_since = None;
        view.serve();
    }

    fn view_for(&mut self, query: ViewQuery, now: Instant) -> Result<ViewId, WireError> {
        if let Some(id) = self.by_query.get(&query) {
            return Ok(*id);
        }
        if self.views.len() >= self.limits.max_views {
            self.make_room()?;
        }
        self.latest_view += 1;
        let id = ViewId(self.latest_view);
        let mut view = LiveView::new(id, query.clone(), self.limits.frame_interval, &self.counters);
        view.unwatched_since = Some(now);
        view.look_into(&self.books);
        self.by_query.insert(query, id);
        self.views.insert(id, view);
        self.counters.views.store(self.views.len(), Relaxed);
        Ok(id)
    }

    fn make_room(&mut self) -> Result<(), WireError> {
        let unwatched = self.views.values().filter_map(|view| Some((view.unwatched_since?, view.id)));
        let Some((_, oldest)) = unwatched.min() else {
            self.counters.refused_views.fetch_add(1, Relaxed);
            return Err(WireError::new(
                ErrorCode::Overloaded,
                format!(
                    "{} different views are being watched, which is the most; try again later, or with the filter \
                     of another tab",
                    self.limits.max_views
                ),
            ));
        };
        self.drop_view(oldest);
        Ok(())
    }

    fn drop_view(&mut self, id: ViewId) {
        if let Some(view) = self.views.remove(&id) {
            self.by_query.remove(&view.query);
        }
        self.counters.views.store(self.views.len(), Relaxed);
    }

    pub fn unwatch(&mut self, session: SessionId, id: ViewId, now: Instant) {
        if let Some(view) = self.views.get_mut(&id) {
            view.watchers.remove(session);
            view.note_watchers(now);
        }
    }

    pub fn session_ended(&mut self, session: SessionId, now: Instant) {
        for view in self.views.values_mut() {
            if view.watchers.remove(session) {
                view.note_watchers(now);
            }
        }
    }

    pub fn pause(&mut self, session: SessionId, id: ViewId) {
        if let Some(view) = self.views.get_mut(&id) {
            view.watchers.pause(session);
        }
    }

    pub fn resync(&mut self, session: SessionId, id: ViewId) {
        if let Some(view) = self.views.get_mut(&id) {
            view.watchers.want_snapshot(session);
            view.serve();
        }
    }

    /// When something must be done next: frames to send, or a read to start.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let mut due: Option<Instant> = None;
        if self.views.values().any(LiveView::is_dirty) {
            due = Some(self.next_frames.map_or(now, |at| at.max(now)));
        }
        if self.reads_under_way < MAX_READS {
            let reads = self.views.values().filter_map(|view| view.read_due(now));
            due = due.into_iter().chain(reads).min();
        }
        due
    }

    /// Sends the frames that are due.
    pub fn flush(&mut self, now: Instant) {
        if self.next_frames.is_some_and(|at| now < at) {
            return;
        }
        let mut any = false;
        for view in self.views.values_mut().filter(|view| view.is_dirty()) {
            view.flush(&self.books);
            view.note_watchers(now);
            any = true;
        }
        if any {
            self.next_frames = Some(now + self.limits.frame_interval);
        }
    }

    /// Marks those reads as begun that may begin now.
    pub fn start_reads(&mut self, now: Instant) -> Vec<StartRead> {
        let mut starts = Vec::new();
        for view in self.views.values_mut() {
            if self.reads_under_way >= MAX_READS {
                break;
            }
            if view.read_due(now).is_none_or(|at| at > now) {
                continue;
            }
            let Some(what) = view.read() else {
                view.nothing_to_read(&self.books);
                continue;
            };
            self.latest_read += 1;
            self.reads_under_way += 1;
            view.reading.begin(self.latest_read, now);
            starts.push(StartRead { view: view.id, read: self.latest_read, what });
        }
        self.counters.view_reads.fetch_add(starts.len() as u64, Relaxed);
        starts
    }

    /// The thread of a read is free again, whatever became of its view.
    pub fn read_ended(&mut self) {
        self.reads_under_way = self.reads_under_way.saturating_sub(1);
    }

    pub fn read_done(&mut self, done: ReadDone, now: Instant) {
        let Some(view) = self.views.get_mut(&done.view) else { return };
        if !view.reading.end(done.read) {
            return;
        }
        match done.page {
            Ok(page) => {
                if view.loaded(&page, &self.books) {
                    self.counters.view_reads_overrun.fetch_add(1, Relaxed);
                }
                view.serve();
            }
            Err(reason) => {
                tracing::warn!(view = done.view.0, reason, "what a view shows could not be read");
                self.counters.view_reads_failed.fetch_add(1, Relaxed);
                view.read_failed(&reason, now);
            }
        }
        view.note_watchers(now);
    }

    /// Lets views go that nobody has watched for the grace time.
    pub fn tidy(&mut self, now: Instant) {
        let grace = self.limits.grace;
        let over = |view: &&LiveView| view.unwatched_since.is_some_and(|since| now >= since + grace);
        let gone: Vec<ViewId> = self.views.values().filter(over).map(|view| view.id).collect();
        for id in gone {
            self.drop_view(id);
        }
    }
}
