//! What a view shows: one of five things, each with rules of its own.

use std::sync::Arc;

use taskyard_shared::view::{ViewDelta, ViewQuery, ViewSnapshot};

use super::books::{Books, BooksChanged};
use super::counters::LiveCounters;
use super::jobs_view::JobsView;
use super::log_view::LogView;
use super::pages::{Page, Read};
use super::queues_view::QueuesView;
use super::services_view::ServicesView;
use super::yard_view::YardView;
use crate::pubsub::CommitEvents;

/// See the module. Queues, the yard and services are in the [`Books`]; jobs and logs are read from the store.
pub(super) enum Content {
    Queues(QueuesView),
    Jobs(Box<JobsView>),
    Yard(YardView),
    Log(LogView),
    Services(ServicesView),
}

/// What something new did to a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Nothing,
    /// It may differ from the latest frame.
    Changed,
    /// No delta leads to what it is now: everybody needs a snapshot.
    StartsOver,
}

impl Content {
    pub fn new(query: &ViewQuery, counters: &Arc<LiveCounters>) -> Self {
        match query {
            ViewQuery::Queues {} => Content::Queues(QueuesView::default()),
            ViewQuery::Jobs { query } => Content::Jobs(Box::new(JobsView::new(query))),
            ViewQuery::Yard {} => Content::Yard(YardView::default()),
            ViewQuery::Log { job } => Content::Log(LogView::new(*job, Arc::clone(counters))),
            ViewQuery::Services {} => Content::Services(ServicesView::default()),
        }
    }

    /// Forgets everything that events or reads brought, and what the watchers have. Where an offset was resolved
    /// to stays: the watchers look at those rows.
    pub fn forget(&mut self) {
        match self {
            Content::Queues(view) => *view = QueuesView::default(),
            Content::Jobs(view) => view.forget_rows(),
            Content::Yard(view) => *view = YardView::default(),
            Content::Log(view) => view.forget_lines(),
            Content::Services(view) => *view = ServicesView::default(),
        }
    }

    pub fn is_read_from_store(&self) -> bool {
        matches!(self, Content::Jobs(_) | Content::Log(_))
    }

    /// Whether it is in the books, complete.
    pub fn is_in(&self, books: &Books) -> bool {
        match self {
            Content::Queues(_) => books.queues.is_seeded(),
            Content::Yard(_) => books.yard.is_known(),
            // What no service has told yet is empty.
            Content::Services(_) => true,
            Content::Jobs(_) | Content::Log(_) => false,
        }
    }

    /// Whether it may look different now that the books have changed.
    pub fn depends_on(&self, changed: BooksChanged) -> bool {
        match self {
            // Counts change with nearly every commit; whether a list's total did shows when the frame is made.
            Content::Queues(_) | Content::Jobs(_) => changed.queues,
            Content::Yard(_) => changed.yard,
            Content::Log(_) | Content::Services(_) => false,
        }
    }

    pub fn shows_services(&self) -> bool {
        matches!(self, Content::Services(_))
    }

    /// Takes in one commit.
    pub fn apply(&mut self, events: &CommitEvents) -> Effect {
        match self {
            Content::Queues(_) | Content::Yard(_) | Content::Services(_) => Effect::Nothing,
            Content::Jobs(view) => view.apply_all(&events.changes),
            Content::Log(view) => view.apply(events),
        }
    }

    /// What to ask the store for. None when there is nothing to read.
    pub fn read(&self) -> Option<Read> {
        match self {
            Content::Queues(_) | Content::Yard(_) | Content::Services(_) => None,
            Content::Jobs(view) => view.read_query().map(Read::Jobs),
            Content::Log(view) => Some(Read::Log(view.job())),
        }
    }

    /// Whether something is missing that only the store knows.
    pub fn needs_read(&self) -> bool {
        matches!(self, Content::Jobs(view) if view.needs_rows())
    }

    /// Takes what [`Content::read`] brought, and the commits that it does not show yet.
    pub fn load(&mut self, page: &Page, newer: &[Arc<CommitEvents>]) -> Effect {
        match (self, page) {
            (Content::Jobs(view), Page::Jobs(page)) => {
                view.load(page);
                for events in newer {
                    view.apply_all(&events.changes);
                }
                Effect::Changed
            }
            (Content::Log(view), Page::Log(page)) => view.load(page, newer),
            // Nobody asked for it.
            _ => Effect::Nothing,
        }
    }

    /// What changed since the latest frame; from then on the watchers have it.
    pub fn take_delta(&mut self, books: &Books) -> Option<ViewDelta> {
        match self {
            Content::Queues(view) => {
                view.take_delta(&books.queues).map(|queues| ViewDelta::Queues { queues })
            }
            Content::Jobs(view) => {
                view.set_total(books.queues.total(view.filter()));
                view.take_delta().map(|changes| ViewDelta::Jobs { changes })
            }
            Content::Yard(view) => view.take_delta(&books.yard),
            Content::Log(view) => view.take_delta().map(|lines| ViewDelta::Log { lines }),
            Content::Services(view) => view.take_delta(&books.services),
        }
    }

    /// What the watchers have after the latest frame.
    pub fn snapshot(&self) -> ViewSnapshot {
        match self {
            Content::Queues(view) => ViewSnapshot::Queues { queues: view.snapshot() },
            Content::Jobs(view) => ViewSnapshot::Jobs { window: view.snapshot() },
            Content::Yard(view) => ViewSnapshot::Yard { yard: view.snapshot() },
            Content::Log(view) => ViewSnapshot::Log { lines: view.snapshot() },
            Content::Services(view) => ViewSnapshot::Services { services: view.snapshot() },
        }
    }
}
