//! When a view reads the store, and the events it must not lose meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::pubsub::CommitEvents;
use crate::store::CommitSeq;

/// Most commits that are kept while a read is under way. When more come, all are let go and the read is
/// done again; `view_reads_overrun` counts that.
const MAX_KEPT_COMMITS: usize = 1024;
/// Most changes of jobs and lines of logs in those commits, by the same rule.
const MAX_KEPT_CHANGES: usize = 20_000;
/// After a read that failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The reads of one view: at most one under way, and no more often than the interval.
pub(super) struct Reading {
    interval: Duration,
    wanted: bool,
    /// The number of the read under way.
    under_way: Option<u64>,
    not_before: Option<Instant>,
    kept: Vec<Arc<CommitEvents>>,
    kept_changes: usize,
    overrun: bool,
}

impl Reading {
    pub fn new(interval: Duration) -> Self {
        Reading {
            interval,
            wanted: true,
            under_way: None,
            not_before: None,
            kept: Vec::new(),
            kept_changes: 0,
            overrun: false,
        }
    }

    pub fn want(&mut self) {
        self.wanted = true;
    }

    pub fn is_wanted(&self) -> bool {
        self.wanted && self.under_way.is_none()
    }

    #[cfg(test)]
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// When the next read may begin; None when none is wanted or one is under way.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        self.is_wanted().then(|| self.not_before.map_or(now, |at| at.max(now)))
    }

    pub fn nothing_to_read(&mut self) {
        self.wanted = false;
    }

    /// Whatever read is under way counts for nothing; another one is wanted.
    pub fn start_over(&mut self) {
        *self = Reading::new(self.interval);
    }

    /// A read with this number begins: what is published from now on is kept until it ends.
    pub fn begin(&mut self, read: u64, now: Instant) {
        self.wanted = false;
        self.under_way = Some(read);
        self.not_before = Some(now + self.interval);
        self.forget();
    }

    pub fn keep(&mut self, events: &Arc<CommitEvents>) {
        if self.under_way.is_none() || self.overrun {
            return;
        }
        self.kept_changes += events.changes.len() + events.lines.len();
        self.kept.push(Arc::clone(events));
        if self.kept.len() > MAX_KEPT_COMMITS || self.kept_changes > MAX_KEPT_CHANGES {
            self.forget();
            self.overrun = true;
        }
    }

    /// Answers whether this is the read that the view waits for.
    pub fn end(&mut self, read: u64) -> bool {
        let expected = self.under_way == Some(read);
        if expected {
            self.under_way = None;
        }
        expected
    }

    /// Events that the page does not show yet. None when there were too many to keep: the page cannot be
    /// brought up to date.
    pub fn newer_than(&mut self, as_of: CommitSeq) -> Option<Vec<Arc<CommitEvents>>> {
        let overrun = self.overrun;
        let kept = std::mem::take(&mut self.kept);
        self.forget();
        (!overrun).then(|| kept.into_iter().filter(|events| events.commit > as_of).collect())
    }

    pub fn failed(&mut self, now: Instant) {
        self.forget();
        self.wanted = true;
        self.not_before = Some(now + RETRY_AFTER);
    }

    fn forget(&mut self) {
        self.kept.clear();
        self.kept_changes = 0;
        self.overrun = false;
    }
}
