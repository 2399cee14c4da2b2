//! What keeps the parts running: panics become restarts, restarts are counted, and too many end the process.
//!
//! actix restarts a supervised actor whose context has stopped, but a panic kills it for good. So every
//! handler of a supervised actor runs in [`Supervision::guard`]; after a panic the actor stops its context,
//! and its supervisor starts it again once [`Supervision::pause_before_restart`] has passed.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix::fut::wrap_future;
use actix::{Actor, ActorContext, AsyncContext, Context};
use tokio::sync::watch;

/// How many restarts are borne before the process gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartBudget {
    /// More restarts than this (of all parts together) within [`RestartBudget::within`] end the process.
    pub max_restarts: u32,
    pub within: Duration,
}

impl Default for RestartBudget {
    fn default() -> Self {
        RestartBudget { max_restarts: 5, within: Duration::from_secs(60) }
    }
}

/// Shared by all supervised parts of one yard.
#[derive(Clone)]
pub struct Supervision {
    inner: Arc<Inner>,
}

struct Inner {
    budget: RestartBudget,
    /// Times of the latest panics: at most `max_restarts + 1`.
    panics: Mutex<VecDeque<Instant>>,
    gave_up: watch::Sender<Option<String>>,
}

impl Default for Supervision {
    fn default() -> Self {
        Supervision::new(RestartBudget::default())
    }
}

/// The work of the guard panicked. The actor must stop its context and touch nothing else.
#[derive(Debug)]
pub struct Panicked;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Supervision {
    pub fn new(budget: RestartBudget) -> Self {
        let inner = Inner { budget, panics: Mutex::default(), gave_up: watch::Sender::new(None) };
        Supervision { inner: Arc::new(inner) }
    }

    /// Runs `work` of the part with that name, and turns a panic into [`Panicked`], logged and counted.
    ///
    /// # Errors
    /// It panicked.
    pub fn guard<R>(&self, part: &'static str, work: impl FnOnce() -> R) -> Result<R, Panicked> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
            self.failed(part, panic_text(&*panic), Instant::now());
            Panicked
        })
    }

    /// As [`Supervision::guard`], for an actor: after a panic its context stops, so that its supervisor
    /// restarts it; then the answer is None and the caller must touch nothing else.
    pub fn guard_actor<A, R>(
        &self,
        ctx: &mut Context<A>,
        part: &'static str,
        work: impl FnOnce() -> R,
    ) -> Option<R>
    where
        A: Actor<Context = Context<A>>,
    {
        let done = self.guard(part, work);
        if done.is_err() {
            ctx.stop();
        }
        done.ok()
    }

    /// For `started` of an actor that was restarted: its mailbox waits out the pause.
    pub fn hold<A>(&self, ctx: &mut Context<A>)
    where
        A: Actor<Context = Context<A>>,
    {
        ctx.wait(wrap_future(tokio::time::sleep(self.pause_before_restart())));
    }

    /// Counts a failure that was not a panic, such as a store that could not be read at a restart.
    pub fn failed(&self, part: &'static str, reason: &str, now: Instant) {
        let mut panics = self.inner.panics.lock().unwrap_or_else(PoisonError::into_inner);
        panics.retain(|&at| now.duration_since(at) <= self.inner.budget.within);
        panics.push_back(now);
        let restarts = panics.len();
        drop(panics);
        tracing::error!(part, reason, restarts, "a part failed and is restarted");
        if restarts > self.inner.budget.max_restarts as usize {
            self.inner.gave_up.send_if_modified(|gave_up| {
                let first = gave_up.is_none();
                gave_up.get_or_insert_with(|| {
                    format!(
                        "the {part} failed {restarts} times within {} seconds, the last time with: {reason}",
                        self.inner.budget.within.as_secs()
                    )
                });
                first
            });
        }
    }

    /// How long to wait before the next restart: doubles with each failure within the budget's time, from
    /// 50 ms to 5 s.
    pub fn pause_before_restart(&self) -> Duration {
        let recent = self.inner.panics.lock().unwrap_or_else(PoisonError::into_inner).len();
        let doublings = u32::try_from(recent.saturating_sub(1)).unwrap_or(u32::MAX).min(10);
        (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
    }

    /// Failures within the budget's time, for metrics.
    pub fn recent_failures(&self) -> usize {
        let panics = self.inner.panics.lock().unwrap_or_else(PoisonError::into_inner);
        panics.iter().filter(|at| at.elapsed() <= self.inner.budget.within).count()
    }

    /// Resolves with a sentence when the budget is used up. From then on the process must end.
    pub async fn gave_up(&self) -> String {
        let mut receiver = self.inner.gave_up.subscribe();
        let reason = receiver.wait_for(Option::is_some).await;
        // The sender lives in `self`, so waiting cannot fail.
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }
}

/// The text of a panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    if let Some(text) = panic.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text
    } else {
        "a panic without a text"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(max_restarts: u32) -> Supervision {
        Supervision::new(RestartBudget { max_restarts, within: Duration::from_secs(60) })
    }

    #[tokio::test]
    async fn failures_beyond_the_budget_give_up_with_a_sentence() {
        let supervision = budget(2);
        for _ in 0..3 {
            assert!(supervision.guard("queue", || panic!("out of luck")).is_err());
        }
        assert_eq!(
            supervision.gave_up().await,
            "the queue failed 3 times within 60 seconds, the last time with: out of luck"
        );
    }

    #[tokio::test]
    async fn failures_that_are_long_over_do_not_count() {
        let supervision = budget(1);
        let start = Instant::now();
        for minutes in 0..5 {
            supervision.failed("queue", "again", start + Duration::from_secs(61 * minutes));
        }
        assert!(supervision.gave_up().now_or_never().is_none());
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let supervision = budget(100);
        let mut pauses = Vec::new();
        for _ in 0..9 {
            supervision.failed("queue", "again", Instant::now());
            pauses.push(supervision.pause_before_restart().as_millis());
        }
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    use futures_util::FutureExt;
}
