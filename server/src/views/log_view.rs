//! The newest lines of one job's log, and those that its watchers do not have yet. Pure: no clock, no store.
//!
//! A watcher keeps the newest [`MAX_LINES`] lines, as a fresh snapshot has them. So when more than that come
//! between two frames, the oldest of them are let go and counted (`log_lines_skipped`): they would have been
//! pushed out by the rest of their own frame. Lines of an attempt that the store has forgotten
//! ([`crate::store::KEPT_ATTEMPTS`]) stay in a view until it is read anew.
//!
//! Lines come in the order of their attempts and numbers: the executor hands on the last ones of an attempt before it
//! says that the attempt has ended.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_VIEW_ROWS;
use taskyard_shared::log::LogLine;

use super::content::Effect;
use super::counters::LiveCounters;
use crate::pubsub::{CommitEvents, JobChange};
use crate::store::LogPage;

/// Most lines that a view shows.
const MAX_LINES: usize = MAX_VIEW_ROWS as usize;

/// See the module.
pub struct LogView {
    job: JobId,
    /// What the watchers have after the latest frame. At most [`MAX_LINES`].
    sent: VecDeque<LogLine>,
    /// What came since then. At most [`MAX_LINES`]; beyond it the oldest are let go.
    unsent: VecDeque<LogLine>,
    counters: Arc<LiveCounters>,
}

impl LogView {
    /// A view without lines: they come with the first [`LogView::load`].
    pub fn new(job: JobId, counters: Arc<LiveCounters>) -> Self {
        LogView { job, sent: VecDeque::new(), unsent: VecDeque::new(), counters }
    }

    pub fn job(&self) -> JobId {
        self.job
    }

    #[cfg(test)]
    pub fn known_lines(&self) -> (usize, usize) {
        (self.sent.len(), self.unsent.len())
    }

    pub fn forget_lines(&mut self) {
        self.sent.clear();
        self.unsent.clear();
    }

    /// Takes in one commit. A log that is gone with its job makes the frames start over, since a delta only
    /// ever adds.
    pub fn apply(&mut self, events: &CommitEvents) -> Effect {
        let mut effect = Effect::Nothing;
        for line in lines_of(self.job, events) {
            let skipped = push(&mut self.unsent, line.clone());
            self.counters.log_lines_skipped.fetch_add(skipped, Relaxed);
            effect = Effect::Changed;
        }
        if removes(self.job, events) && !(self.sent.is_empty() && self.unsent.is_empty()) {
            self.forget_lines();
            effect = Effect::StartsOver;
        }
        effect
    }

    /// Takes the lines of a page, and of the commits after it, in place of all that was known.
    pub fn load(&mut self, page: &LogPage, newer: &[Arc<CommitEvents>]) -> Effect {
        let mut lines = VecDeque::new();
        for line in &page.lines {
            push(&mut lines, line.clone());
        }
        for events in newer {
            for line in lines_of(self.job, events) {
                push(&mut lines, line.clone());
            }
            if removes(self.job, events) {
                lines.clear();
            }
        }
        match self.leads_on(&lines) {
            Some(at) => {
                self.unsent = lines.split_off(at);
                Effect::Changed
            }
            None => {
                self.sent = lines;
                self.unsent.clear();
                Effect::StartsOver
            }
        }
    }

    /// What was added since the latest frame; from then on the watchers have it.
    pub fn take_delta(&mut self) -> Option<Vec<LogLine>> {
        if self.unsent.is_empty() {
            return None;
        }
        let added: Vec<LogLine> = self.unsent.drain(..).collect();
        for line in &added {
            push(&mut self.sent, line.clone());
        }
        Some(added)
    }

    /// What the watchers have after the latest frame.
    pub fn snapshot(&self) -> Vec<LogLine> {
        self.sent.iter().cloned().collect()
    }

    /// Where in `lines` those begin that bring the watchers from what they have to just these lines; None when
    /// adding does not lead there.
    fn leads_on(&self, lines: &VecDeque<LogLine>) -> Option<usize> {
        let at = self.sent.back().and_then(|last| lines.iter().rposition(|line| line == last));
        let at = at.map_or(0, |last| last + 1);
        let added = lines.len() - at;
        let pushed_out = (self.sent.len() + added).saturating_sub(MAX_LINES);
        self.sent.iter().skip(pushed_out).eq(lines.iter().take(at)).then_some(at)
    }
}

/// Adds a line at the end. Answers how many were let go at the beginning.
fn push(lines: &mut VecDeque<LogLine>, line: LogLine) -> u64 {
    lines.push_back(line);
    if lines.len() <= MAX_LINES {
        return 0;
    }
    lines.pop_front();
    1
}

fn lines_of(job: JobId, events: &CommitEvents) -> impl Iterator<Item = &LogLine> {
    events.lines.iter().filter(move |(id, _)| *id == job).map(|(_, line)| line)
}

/// A job's lines come before its end in a commit that has both.
fn removes(job: JobId, events: &CommitEvents) -> bool {
    let is_removed = |change: &JobChange| matches!(change, JobChange::Removed(ids) if ids.contains(&job));
    events.changes.iter().any(is_removed)
}
