//! Who listens, and what each of them missed because its mailbox was full.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use actix::Recipient;
use actix::prelude::SendError;
use taskyard_shared::limit::LimitStatus;
use taskyard_shared::operation::Operation;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::ScheduleStatus;

use super::messages::{CommitEvents, Publish};
use crate::store::CommitSeq;

/// What has happened so far, for metrics.
#[derive(Debug, Default)]
pub struct PubSubCounters {
    /// Commits that were passed on.
    pub published: AtomicU64,
    /// Commits that a subscriber did not get because its mailbox was full; it was told to reload.
    pub skipped: AtomicU64,
    /// Subscribers that were gone.
    pub dropped: AtomicU64,
    pub restarts: AtomicU64,
}

#[derive(Default)]
pub(super) struct Subscribers {
    list: Vec<Subscriber>,
    counters: Arc<PubSubCounters>,
}

struct Subscriber {
    to: Recipient<Publish>,
    /// What it missed. While this is there, it gets nothing else. Bounded: changes of jobs are not kept (it
    /// will reload), and there are at most `MAX_QUEUES` queues.
    missed: Option<Missed>,
}

#[derive(Default)]
struct Missed {
    commit: CommitSeq,
    queues: BTreeMap<String, QueueStatus>,
    limits: Option<Vec<LimitStatus>>,
    schedules: Option<Vec<ScheduleStatus>>,
    operations: Option<Vec<Operation>>,
}

impl Missed {
    fn add(&mut self, events: &CommitEvents) {
        self.commit = events.commit;
        for queue in &events.queues {
            self.queues.insert(queue.name.clone(), queue.clone());
        }
        take(&mut self.limits, &events.limits);
        take(&mut self.schedules, &events.schedules);
        take(&mut self.operations, &events.operations);
    }

    fn as_events(&self) -> CommitEvents {
        CommitEvents {
            commit: self.commit,
            queues: self.queues.values().cloned().collect(),
            limits: self.limits.clone(),
            schedules: self.schedules.clone(),
            operations: self.operations.clone(),
            reload: true,
            ..CommitEvents::default()
        }
    }
}

/// A list that was published whole takes the place of the one before.
fn take<T: Clone>(kept: &mut Option<T>, published: &Option<T>) {
    if published.is_some() {
        kept.clone_from(published);
    }
}

impl Subscribers {
    pub fn counters(&self) -> &Arc<PubSubCounters> {
        &self.counters
    }

    pub fn add(&mut self, to: Recipient<Publish>) {
        self.list.push(Subscriber { to, missed: None });
    }

    pub fn publish(&mut self, events: &Arc<CommitEvents>) {
        self.counters.published.fetch_add(1, Relaxed);
        let counters = &self.counters;
        self.list.retain_mut(|subscriber| subscriber.pass_on(events, counters));
    }

    /// A panic came in between, so nobody can tell who got these events: everyone is told to reload.
    pub fn publish_failed(&mut self, events: &CommitEvents) {
        for subscriber in &mut self.list {
            subscriber.missed.get_or_insert_default().add(events);
        }
    }

    pub fn any_behind(&self) -> bool {
        self.list.iter().any(|subscriber| subscriber.missed.is_some())
    }

    /// Tries again to tell those who missed something.
    pub fn retry(&mut self) {
        let counters = &self.counters;
        self.list.retain_mut(|subscriber| subscriber.catch_up() || count_drop(counters));
    }
}

fn count_drop(counters: &PubSubCounters) -> bool {
    counters.dropped.fetch_add(1, Relaxed);
    false
}

impl Subscriber {
    /// Answers whether the subscriber still lives.
    fn pass_on(&mut self, events: &Arc<CommitEvents>, counters: &PubSubCounters) -> bool {
        if let Some(missed) = &mut self.missed {
            missed.add(events);
            counters.skipped.fetch_add(1, Relaxed);
            return self.catch_up() || count_drop(counters);
        }
        match self.to.try_send(Publish(Arc::clone(events))) {
            Ok(()) => true,
            Err(SendError::Full(_)) => {
                let mut missed = Missed::default();
                missed.add(events);
                self.missed = Some(missed);
                counters.skipped.fetch_add(1, Relaxed);
                true
            }
            Err(SendError::Closed(_)) => count_drop(counters),
        }
    }

    /// Answers whether the subscriber still lives.
    fn catch_up(&mut self) -> bool {
        let Some(missed) = &self.missed else { return self.to.connected() };
        match self.to.try_send(Publish(Arc::new(missed.as_events()))) {
            Ok(()) => {
                self.missed = None;
                true
            }
            Err(SendError::Full(_)) => true,
            Err(SendError::Closed(_)) => false,
        }
    }
}
