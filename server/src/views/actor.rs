//! The actor around [`super::hub`]: its mailbox, its timers, its reads, and its recovery from panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use actix::{Actor, AsyncContext, Context, Handler, Supervised};

use super::counters::LiveCounters;
use super::hub::{Hub, HubLimits, StartRead};
use super::messages::{Panic, Pause, ReadDone, Resync, ServiceStatus, SessionEnded, Unwatch, Watch};
use crate::pubsub::Publish;
use crate::store::StoreReader;
use crate::supervision::{Supervision, panic_text};

/// Messages that may wait: commits above all. When it is full, `PubSub` tells the hub to reload once it has
/// room (`skipped`); sessions bound what they send themselves.
const MAILBOX_CAPACITY: usize = 1024;
const TIDY_EVERY: Duration = Duration::from_secs(1);

/// What the hub is started with.
pub struct ViewHubConfig {
    pub reader: Arc<dyn StoreReader>,
    pub counters: Arc<LiveCounters>,
    pub limits: HubLimits,
    pub supervision: Supervision,
}

/// Keeps every view that is being watched up to date, and sends each frame to all who watch.
pub struct ViewHub {
    hub: Hub,
    reader: Arc<dyn StoreReader>,
    counters: Arc<LiveCounters>,
    supervision: Supervision,
    restarted: bool,
    /// A timer that will look what is due.
    planned: Option<Instant>,
}

impl ViewHub {
    pub fn new(config: ViewHubConfig) -> Self {
        ViewHub {
            hub: Hub::new(config.limits, Arc::clone(&config.counters)),
            reader: config.reader,
            counters: config.counters,
            supervision: config.supervision,
            restarted: false,
            planned: None,
        }
    }

    /// Does `work` on the views, then what has become due.
    fn act(&mut self, ctx: &mut Context<Self>, work: impl FnOnce(&mut Hub, Instant)) {
        let supervision = self.supervision.clone();
        let done = supervision.guard_actor(ctx, "view hub", || {
            let now = Instant::now();
            work(&mut self.hub, now);
            // Not left to the timer alone: the mailbox comes before timers, and it may never be empty.
            if self.planned.is_some_and(|at| at <= now) {
                self.hub.flush(now);
            }
            (self.hub.start_reads(now), self.hub.next_due(now))
        });
        let Some((reads, due)) = done else { return };
        for read in reads {
            self.start_read(read, ctx);
        }
        if let Some(due) = due {
            self.plan(due, ctx);
        }
    }

    fn plan(&mut self, due: Instant, ctx: &mut Context<Self>) {
        if self.planned.is_some_and(|at| at <= due) {
            return;
        }
        self.planned = Some(due);
        ctx.run_later(due.saturating_duration_since(Instant::now()), move |actor, ctx| {
            if actor.planned == Some(due) {
                actor.planned = None;
                actor.act(ctx, Hub::flush);
            }
        });
    }

    /// Reads on a thread where waiting for the disk is allowed.
    fn start_read(&self, start: StartRead, ctx: &mut Context<Self>) {
        let StartRead { view, read, what } = start;
        let (reader, hub) = (Arc::clone(&self.reader), ctx.address());
        tokio::task::spawn_blocking(move || {
            let page = catch_unwind(AssertUnwindSafe(|| what.run(&*reader)));
            let page = match page {
                Ok(page) => page.map_err(|error| error.to_string()),
                Err(panic) => Err(format!("the read panicked: {}", panic_text(&*panic))),
            };
            // Bounded by the reads under way.
            hub.do_send(ReadDone { view, read, page });
        });
    }
}

impl Actor for ViewHub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
        if self.restarted {
            self.supervision.hold(ctx);
        }
        ctx.run_interval(TIDY_EVERY, |actor, ctx| actor.act(ctx, Hub::tidy));
        self.act(ctx, |_, _| ());
    }
}

impl Supervised for ViewHub {
    /// Sockets stay open and views keep their watchers; every row is read anew.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.counters.hub_restarts.fetch_add(1, Relaxed);
        self.restarted = true;
        self.planned = None;
        self.hub.start_over();
    }
}

impl Handler<Publish> for ViewHub {
    type Result = ();

    fn handle(&mut self, Publish(events): Publish, ctx: &mut Self::Context) {
        self.act(ctx, |hub, _| hub.published(&events));
    }
}

impl Handler<ServiceStatus> for ViewHub {
    type Result = ();

    fn handle(&mut self, status: ServiceStatus, ctx: &mut Self::Context) {
        self.act(ctx, |hub, _| hub.service_changed(status));
    }
}

impl Handler<Watch> for ViewHub {
    type Result = ();

    fn handle(&mut self, message: Watch, ctx: &mut Self::Context) {
        self.act(ctx, |hub, now| hub.watch(message, now));
    }
}

impl Handler<Unwatch> for ViewHub {
    type Result = ();

    fn handle(&mut self, message: Unwatch, ctx: &mut Self::Context) {
        self.act(ctx, |hub, now| hub.unwatch(message.session, message.view, now));
    }
}

impl Handler<Pause> for ViewHub {
    type Result = ();

    fn handle(&mut self, message: Pause, ctx: &mut Self::Context) {
        self.act(ctx, |hub, _| hub.pause(message.session, message.view));
    }
}

impl Handler<Resync> for ViewHub {
    type Result = ();

    fn handle(&mut self, message: Resync, ctx: &mut Self::Context) {
        self.act(ctx, |hub, _| hub.resync(message.session, message.view));
    }
}

impl Handler<SessionEnded> for ViewHub {
    type Result = ();

    fn handle(&mut self, message: SessionEnded, ctx: &mut Self::Context) {
        self.act(ctx, |hub, now| hub.session_ended(message.session, now));
    }
}

impl Handler<ReadDone> for ViewHub {
    type Result = ();

    fn handle(&mut self, done: ReadDone, ctx: &mut Self::Context) {
        self.hub.read_ended();
        self.act(ctx, |hub, now| hub.read_done(done, now));
    }
}

impl Handler<Panic> for ViewHub {
    type Result = ();

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) {
        self.act(ctx, |_, _| panic!("told to panic"));
    }
}
