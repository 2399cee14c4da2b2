//! What is due at a time, and when to be woken for the next of it.

use super::decision::Decision;
use super::state::{Core, Mode};

/// How long the core waits before it asks a store again that has refused.
const STORE_RETRY_MS: i64 = 1_000;
/// The longest time between two looks at the clock: it may be set forward, and nothing tells.
const LONGEST_SLEEP_MS: i64 = 60_000;

/// The times that the core waits for.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// A scheduled job, or one that a limit holds back, may become claimable.
    pub promote_at_ms: Option<i64>,
    pub promoting: bool,
    /// Waiting jobs are to be told that one they wait for has ended.
    pub resolve_wanted: bool,
    pub resolving: bool,
    /// The store is to be asked what others have added.
    pub catch_up_wanted: bool,
    pub catching_up: bool,
    /// The store refused something: it is asked again then.
    pub store_retry_at_ms: Option<i64>,
    /// The store refused ends of attempts for what they are, and nothing else: it is asked again for them then.
    pub ends_retry_at_ms: Option<i64>,
    /// What [`Decision::WakeAt`] asked for last and has not come.
    armed_at_ms: Option<i64>,
}

impl Times {
    /// Something may be promoted at this time.
    pub fn promote_by(&mut self, at_ms: Option<i64>) {
        self.promote_at_ms = earlier(self.promote_at_ms, at_ms);
    }

    /// The store refused something.
    pub fn retry_store(&mut self, now_ms: i64) {
        self.store_retry_at_ms.get_or_insert(now_ms + STORE_RETRY_MS);
    }

    /// The store refused an end of an attempt, and may take anything else.
    pub fn retry_ends(&mut self, now_ms: i64) {
        self.ends_retry_at_ms.get_or_insert(now_ms + STORE_RETRY_MS);
    }
}

/// The earlier of two times, where there are two.
pub(super) fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Core {
    pub(super) fn woken(&mut self, at_ms: i64) {
        if self.times.armed_at_ms == Some(at_ms) {
            self.times.armed_at_ms = None;
        }
    }

    /// Begins whatever has its time, and goes on with what is done step by step.
    pub(super) fn do_what_is_due(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        if self.times.store_retry_at_ms.is_some_and(|at_ms| has_come(at_ms, now_ms)) {
            self.times.store_retry_at_ms = None;
            self.ask_store_again(out);
        }
        if self.times.ends_retry_at_ms.is_some_and(|at_ms| has_come(at_ms, now_ms)) {
            self.write_refused_ends(out);
        }
        self.unblock_queues(now_ms);
        // What goes on step by step pauses with a store that refuses, and goes on after the next start otherwise.
        if self.times.store_retry_at_ms.is_some() || self.mode == Mode::Draining {
            return;
        }
        self.catch_up(out);
        self.promote_due(now_ms, out);
        self.resolve_ended(out);
        self.step_operations(now_ms, out);
        self.fire_schedules(now_ms, out);
        self.prune(now_ms, out);
    }

    /// Has the core woken when the next thing is due that may be begun then.
    pub(super) fn plan_wake(&mut self, now_ms: i64, out: &mut Vec<Decision>) {
        // The answer to a promotion says when the next one is due, which mostly is soon: a timer set meanwhile would be
        // set again at once. What else has its time waits for the same disk.
        if self.times.promoting {
            return;
        }
        let Some(wanted) = self.next_due_at_ms() else { return };
        // What could not be begun although it is due waits for an answer, which comes as another input.
        let at_ms = wanted.clamp(now_ms + 1, now_ms + LONGEST_SLEEP_MS);
        let armed =
            self.times.armed_at_ms.filter(|armed| *armed > now_ms && *armed <= now_ms + LONGEST_SLEEP_MS);
        if armed.is_none_or(|armed| at_ms < armed) {
            self.times.armed_at_ms = Some(at_ms);
            out.push(Decision::WakeAt { at_ms });
        }
    }

    /// When there is something for [`Core::do_what_is_due`]: what it would pass over does not count, or a time that has
    /// come would wake the core again and again.
    pub(super) fn next_due_at_ms(&self) -> Option<i64> {
        let again = earlier(self.times.store_retry_at_ms, self.times.ends_retry_at_ms);
        if self.times.store_retry_at_ms.is_some() || self.mode == Mode::Draining {
            return again;
        }
        let times = [
            again,
            self.times.promote_at_ms,
            self.next_operation_at_ms(),
            self.next_schedule_at_ms(),
            self.retention.next_at_ms(),
            self.next_unblocked_at_ms(),
        ];
        times.into_iter().fold(None, earlier)
    }
}

pub(super) fn has_come(at_ms: i64, now_ms: i64) -> bool {
    at_ms <= now_ms
}
