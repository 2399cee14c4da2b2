//! The actor around [`super::entries`] and [`super::flights`].

use actix::{Actor, AsyncContext, Context, Handler, MessageResult, Recipient, Supervised, SystemService};

use super::computation::Computation;
use super::entries::{CacheLimits, Cached, Entries, Wanted};
use super::flights::{Boarding, Flights};
use super::messages::{Ask, Computed, Drop, Found, Get, Invalidate, Panic, Put, ShowCache};
use crate::clock::Clock;
use crate::services::{Publisher, Publishes, ServiceError};
use crate::supervision::Supervision;
use crate::views::messages::ServiceStatus;

pub(super) const PART: &str = "cache";
/// The mailbox's bound; callers beyond it wait.
const MAILBOX: usize = 4096;

/// What a cache is made of.
#[derive(Default)]
pub struct CacheConfig {
    pub limits: CacheLimits,
    pub clock: Clock,
    pub supervision: Supervision,
    /// Who shows how it stands.
    pub shown_by: Option<Recipient<ServiceStatus>>,
}

/// See the module above.
pub struct CacheActor {
    entries: Entries,
    flights: Flights,
    /// Callers who got what another one computed.
    shared: u64,
    clock: Clock,
    supervision: Supervision,
    publisher: Publisher,
    restarted: bool,
}

impl Default for CacheActor {
    fn default() -> Self {
        CacheActor::new(CacheConfig::default())
    }
}

impl CacheActor {
    pub fn new(config: CacheConfig) -> Self {
        CacheActor {
            entries: Entries::new(config.limits),
            flights: Flights::default(),
            shared: 0,
            clock: config.clock,
            supervision: config.supervision,
            publisher: config.shown_by.map(Publisher::new).unwrap_or_default(),
            restarted: false,
        }
    }

    /// Does `work`, with the time; a panic in it restarts the actor.
    fn guarded<T>(
        &mut self,
        ctx: &mut Context<Self>,
        work: impl FnOnce(&mut Self, i64) -> T,
    ) -> Result<T, ServiceError> {
        let (supervision, now_ms) = (self.supervision.clone(), self.clock.now_ms());
        let done = supervision.guard_actor(ctx, PART, || work(self, now_ms));
        self.changed(ctx);
        done.ok_or(ServiceError::Restarting(PART))
    }

    fn land(&mut self, key: &str, flight: u64, cached: Option<Cached>) {
        let Some(cached) = cached else { return self.flights.give_up(key, flight) };
        // A flight that is not known any more began before a restart; its value is as good.
        self.shared += self.flights.land(key, flight, &cached).unwrap_or(0);
        if cached.expires_at_ms > cached.put_at_ms {
            self.entries.put(key, cached);
        }
    }
}

impl Actor for CacheActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        if self.restarted {
            self.supervision.hold(ctx);
        }
        self.changed(ctx);
    }
}

impl Supervised for CacheActor {
    /// Entries are kept: each is whole or not there. Those who wait for a computation ask again.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.restarted = true;
        self.flights.clear();
        self.publisher.restarted();
    }
}

impl SystemService for CacheActor {}

impl Publishes for CacheActor {
    fn publisher(&mut self) -> &mut Publisher {
        &mut self.publisher
    }

    fn status(&mut self) -> ServiceStatus {
        ServiceStatus::Cache(self.entries.status(self.shared, self.clock.now_ms()))
    }
}

impl Handler<Get> for CacheActor {
    type Result = Result<Option<Cached>, ServiceError>;

    fn handle(&mut self, Get { key }: Get, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |cache, now_ms| cache.entries.get(&key, &Wanted::default(), now_ms))
    }
}

impl Handler<Put> for CacheActor {
    type Result = Result<bool, ServiceError>;

    fn handle(&mut self, Put { key, cached }: Put, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |cache, _| cache.entries.put(&key, cached))
    }
}

impl Handler<Invalidate> for CacheActor {
    type Result = Result<bool, ServiceError>;

    fn handle(&mut self, Invalidate { key }: Invalidate, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |cache, now_ms| cache.entries.remove(&key, now_ms))
    }
}

impl Handler<Drop> for CacheActor {
    type Result = Result<u64, ServiceError>;

    fn handle(&mut self, _: Drop, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |cache, _| cache.entries.clear())
    }
}

impl Handler<Ask> for CacheActor {
    type Result = Result<Found, ServiceError>;

    fn handle(&mut self, Ask { key, wanted }: Ask, ctx: &mut Self::Context) -> Self::Result {
        let addr = ctx.address();
        self.guarded(ctx, |cache, now_ms| match cache.entries.get(&key, &wanted, now_ms) {
            Some(cached) => Found::There(cached),
            None => match cache.flights.board(&key) {
                Boarding::Compute(flight) => Found::Compute(Computation::new(addr, key, flight)),
                Boarding::Wait(landing) => Found::Wait(landing),
            },
        })
    }
}

impl Handler<Computed> for CacheActor {
    type Result = Result<(), ServiceError>;

    fn handle(&mut self, computed: Computed, ctx: &mut Self::Context) -> Self::Result {
        let Computed { key, flight, cached } = computed;
        self.guarded(ctx, |cache, _| cache.land(&key, flight, cached))
    }
}

impl Handler<ShowCache> for CacheActor {
    type Result = MessageResult<ShowCache>;

    fn handle(&mut self, _: ShowCache, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.entries.status(self.shared, self.clock.now_ms()))
    }
}

impl Handler<Panic> for CacheActor {
    type Result = Result<(), ServiceError>;

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |_, _| panic!("told to panic"))
    }
}
