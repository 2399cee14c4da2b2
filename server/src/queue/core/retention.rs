//! Finished jobs that are not kept any longer: a round through all queues now and then, in small steps, and then
//! what else has become useless.

use std::collections::VecDeque;
use std::sync::Arc;

use taskyard_shared::job::JobState;

use super::decision::Decision;
use super::pending::Pending;
use super::state::Core;
use super::times::has_come;
use crate::pubsub::JobChange;
use crate::store::{ClearedGroup, WriteOp};

/// Between the end of one round and the start of the next.
const ROUND_EVERY_MS: i64 = 60_000;
/// Jobs deleted in one step.
const STEP_JOBS: u32 = 250;
/// Rows of each kind forgotten, and pages given back, in one step of tidying.
const TIDY_ROWS: u32 = 500;
const TIDY_PAGES: u32 = 250;

/// Where the round stands.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// None while one is under way, and before the first.
    next_at_ms: Option<i64>,
    /// Queues and states that this round has still to look at. Bounded by three for each queue.
    todo: VecDeque<(Arc<str>, JobState)>,
    /// A step is with the store.
    stepping: bool,
    tidying: bool,
}

impl Round {
    pub fn next_at_ms(&self) -> Option<i64> {
        self.next_at_ms.filter(|_| !self.stepping)
    }

    /// The store refused a step: the next round will do.
    pub fn give_up(&mut self, now_ms: i64) {
        self.todo.clear();
        self.stepping = false;
        self.tidying = false;
        self.next_at_ms = Some(now_ms + ROUND_EVERY_MS);
    }
}

impl Core {
    /// Begins a round when its time has come, or takes its next step.
    pub(super) fn prune(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if self.retention.stepping {
            return;
        }
        match self.retention.next_at_ms {
            // The first one only has its time set, so that a start is not slowed down.
            None if !self.retention.tidying && self.retention.todo.is_empty() => {
                self.retention.next_at_ms = Some(now_ms + ROUND_EVERY_MS);
                return;
            }
            Some(at_ms) if !has_come(at_ms, now_ms) && at_ms <= now_ms + ROUND_EVERY_MS => return,
            Some(_) => self.begin_round(),
            None => {}
        }
        while let Some((queue, state)) = self.retention.todo.pop_front() {
            if let Some(op) = self.next_prune(&queue, state, now_ms) {
                self.retention.stepping = true;
                return self.write(Pending::Prune { queue, state }, op, out);
            }
        }
        self.retention.stepping = true;
        self.write(Pending::Tidy, WriteOp::Tidy { limit: TIDY_ROWS, free_pages: TIDY_PAGES }, out);
    }

    fn begin_round(&mut self) {
        self.retention.next_at_ms = None;
        self.retention.tidying = true;
        let states = JobState::ALL.into_iter().filter(|state| state.is_finished());
        self.retention.todo = states
            .flat_map(|state| {
                let queues = self.queues.iter().filter(move |(_, queue)| queue.counts[state] > 0);
                queues.map(move |(name, _)| (Arc::clone(name), state))
            })
            .collect();
    }

    /// What is to be deleted next of a queue's jobs in a state, if anything.
    fn next_prune(&self, queue: &Arc<str>, state: JobState, now_ms: i64) -> Option<WriteOp> {
        let known = self.queues.get(queue)?;
        let keep = known.settings.retention.keep(state)?;
        let clear = |finished_by_ms, limit| WriteOp::Clear {
            queue: Some(queue.to_string()),
            state: Some(state),
            finished_by_ms,
            limit,
        };
        let too_many = keep.max_count.map_or(0, |most| known.counts[state].saturating_sub(most));
        if too_many > 0 {
            return Some(clear(now_ms, STEP_JOBS.min(u32::try_from(too_many).unwrap_or(STEP_JOBS))));
        }
        let age_ms = i64::try_from(keep.max_age_ms?).unwrap_or(i64::MAX);
        // When nothing is that old the store sees it from its index at once.
        (known.counts[state] > 0).then(|| clear(now_ms.saturating_sub(age_ms), STEP_JOBS))
    }

    pub(super) fn pruned(
        &mut self,
        queue: Arc<str>,
        state: JobState,
        groups: Vec<ClearedGroup>,
        changes: &mut Vec<JobChange>,
    ) {
        self.retention.stepping = false;
        if self.cleared(groups, changes) > 0 {
            self.retention.todo.push_front((queue, state));
        }
    }

    pub(super) fn tidied(&mut self, more: bool, now_ms: i64) {
        self.retention.stepping = false;
        if !more {
            self.retention.tidying = false;
            self.retention.next_at_ms = Some(now_ms + ROUND_EVERY_MS);
        }
    }
}
