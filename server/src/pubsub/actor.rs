//! The actor; its rules are in [`super::subscribers`].

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, MessageResult, Supervised, SystemService};

use super::messages::{GetCounters, Publish, Subscribe};
use super::subscribers::Subscribers;
use crate::supervision::Supervision;

/// How soon a subscriber that was full is tried again when nothing else is published meanwhile.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// Passes on what was committed to everyone who subscribed, in order, and never waits for any of them.
///
/// Its own mailbox is filled by the queue alone, one message a commit, and emptied by sends that cannot
/// block.
#[derive(Default)]
pub struct PubSub {
    subscribers: Subscribers,
    retry_planned: bool,
    supervision: Supervision,
    restarted: bool,
}

const PART: &str = "pubsub";

impl PubSub {
    pub fn new(supervision: Supervision) -> Self {
        PubSub { supervision, ..PubSub::default() }
    }

    fn plan_retry(&mut self, ctx: &mut Context<Self>) {
        if self.retry_planned || !self.subscribers.any_behind() {
            return;
        }
        self.retry_planned = true;
        ctx.run_later(RETRY_AFTER, |pubsub, ctx| {
            pubsub.retry_planned = false;
            let supervision = pubsub.supervision.clone();
            supervision.guard_actor(ctx, PART, || pubsub.subscribers.retry());
            pubsub.plan_retry(ctx);
        });
    }
}

impl Actor for PubSub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.restarted {
            self.supervision.hold(ctx);
        }
    }
}

impl SystemService for PubSub {}

impl Supervised for PubSub {
    /// The subscribers are kept; only the timer died with the old context.
    fn restarting(&mut self, ctx: &mut Self::Context) {
        self.subscribers.counters().restarts.fetch_add(1, Relaxed);
        self.restarted = true;
        self.retry_planned = false;
        self.plan_retry(ctx);
    }
}

impl Handler<Publish> for PubSub {
    type Result = ();

    fn handle(&mut self, Publish(events): Publish, ctx: &mut Self::Context) {
        let done = self.supervision.guard_actor(ctx, PART, || self.subscribers.publish(&events));
        if done.is_none() {
            self.subscribers.publish_failed(&events);
        }
        self.plan_retry(ctx);
    }
}

impl Handler<Subscribe> for PubSub {
    type Result = ();

    fn handle(&mut self, message: Subscribe, _: &mut Self::Context) {
        self.subscribers.add(message.subscriber);
    }
}

impl Handler<GetCounters> for PubSub {
    type Result = MessageResult<GetCounters>;

    fn handle(&mut self, _: GetCounters, _: &mut Self::Context) -> Self::Result {
        MessageResult(Arc::clone(self.subscribers.counters()))
    }
}
