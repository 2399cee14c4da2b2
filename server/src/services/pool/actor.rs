//! The actor around [`super::books`] and the pools themselves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, ActorFutureExt, AsyncContext, Context, Handler, MessageResult, Recipient, SpawnHandle, Supervised,
    SystemService,
};
use taskyard_shared::service::{PoolKind, PoolStatus};

use super::any::AnyPool;
use super::books::Book;
use super::error::PoolSetupError;
use super::faults::Faults;
use super::messages::{Enter, Entered, Left, Panic, ShowPools, Took};
use super::place::Place;
use super::settings::PoolSettings;
use crate::clock::Clock;
use crate::services::{Publisher, Publishes, ServiceError};
use crate::supervision::Supervision;
use crate::views::messages::ServiceStatus;

pub(super) const PART: &str = "connection pool";
/// The mailbox's bound; callers beyond it wait. What [`Place`] tells is not held back by it, but comes at most twice for
/// each caller.
const MAILBOX: usize = 4096;
/// How often idle connections are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the pools are made of.
#[derive(Default)]
pub struct ConnectionPoolConfig {
    pub pools: BTreeMap<String, PoolSettings>,
    pub clock: Clock,
    pub supervision: Supervision,
    /// Who shows how they stand.
    pub shown_by: Option<Recipient<ServiceStatus>>,
}

/// See the module above.
#[derive(Default)]
pub struct ConnectionPool {
    pools: BTreeMap<Arc<str>, Named>,
    clock: Clock,
    supervision: Supervision,
    publisher: Publisher,
    restarted: bool,
    looking: Option<SpawnHandle>,
}

struct Named {
    settings: PoolSettings,
    target: Arc<str>,
    pool: AnyPool,
    faults: Arc<Faults>,
    book: Book,
}

impl Named {
    fn status(&self, name: &str) -> PoolStatus {
        let (size, idle) = self.pool.size_and_idle();
        let (errors, last_error) = self.faults.count_and_last();
        PoolStatus {
            name: name.to_owned(),
            kind: self.kind(),
            target: self.target.to_string(),
            max_size: self.settings.max_size,
            size,
            idle,
            users: self.book.users(),
            waiting: self.book.waiting(),
            checkouts: self.book.checkouts(),
            errors,
            last_error,
        }
    }

    fn kind(&self) -> PoolKind {
        self.settings.target.kind()
    }
}

impl ConnectionPool {
    /// # Errors
    /// The name of the pool that cannot be set up, and why. That one cannot connect is no error here.
    pub fn new(config: ConnectionPoolConfig) -> Result<Self, (String, PoolSetupError)> {
        let mut pools = BTreeMap::new();
        for (name, settings) in config.pools {
            let faults = Arc::new(Faults::new(config.clock.clone()));
            let pool = AnyPool::new(&settings, &faults).map_err(|error| (name.clone(), error))?;
            let target = settings.target.name().into();
            let named = Named { settings, target, pool, faults, book: Book::default() };
            pools.insert(name.into(), named);
        }
        Ok(ConnectionPool {
            pools,
            clock: config.clock,
            supervision: config.supervision,
            publisher: config.shown_by.map(Publisher::new).unwrap_or_default(),
            restarted: false,
            looking: None,
        })
    }

    /// Does `work`; a panic in it restarts the actor.
    fn guarded<T>(
        &mut self,
        ctx: &mut Context<Self>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, ServiceError> {
        let supervision = self.supervision.clone();
        let done = supervision.guard_actor(ctx, PART, || work(self));
        self.changed(ctx);
        done.ok_or(ServiceError::Restarting(PART))
    }

    fn enter(&mut self, enter: Enter, address: actix::Addr<Self>) -> Result<Entered, ServiceError> {
        let Enter { pool: name, kind, job } = enter;
        let Some(named) = self.pools.get_mut(&name) else { return Err(self.no_such(&name)) };
        if named.kind() != kind {
            let sentence = format!("the pool \"{name}\" is of the kind {:?}, not {kind:?}", named.kind());
            return Err(ServiceError::Refused(sentence.to_lowercase()));
        }
        let number = named.book.enter(job);
        Ok(Entered {
            place: Place { addr: address, pool: name, number },
            pool: named.pool.clone(),
            target: Arc::clone(&named.target),
            faults: Arc::clone(&named.faults),
            timeout_s: named.settings.timeout.as_secs(),
        })
    }

    fn no_such(&self, name: &str) -> ServiceError {
        let known: Vec<&str> = self.pools.keys().map(|name| &**name).collect();
        ServiceError::Refused(if known.is_empty() {
            format!("there is no pool \"{name}\": the configuration has none")
        } else {
            format!("there is no pool \"{name}\"; there is {}", known.join(", "))
        })
    }

    fn statuses(&self) -> Vec<PoolStatus> {
        self.pools.iter().map(|(name, named)| named.status(name)).collect()
    }

    /// Looks at idle connections as long as there are some.
    fn plan_look(&mut self, ctx: &mut Context<Self>) {
        let any_idle = self.pools.values().any(|named| named.pool.size_and_idle().1 > 0);
        if self.looking.is_some() || !any_idle {
            return;
        }
        self.looking = Some(ctx.run_later(LOOK_EVERY, |pools, ctx| {
            pools.looking = None;
            pools.look(ctx);
        }));
    }

    fn look(&mut self, ctx: &mut Context<Self>) {
        let supervision = self.supervision.clone();
        let looked = supervision.guard_actor(ctx, PART, || {
            for named in self.pools.values() {
                named.pool.close_stale();
            }
        });
        if looked.is_some() {
            self.changed(ctx);
            self.plan_look(ctx);
        }
    }

    /// Tries every pool once, so that its status says from the start whether it can connect.
    fn try_all(&mut self, ctx: &mut Context<Self>) {
        for named in self.pools.values() {
            let (pool, faults) = (named.pool.clone(), Arc::clone(&named.faults));
            let target = Arc::clone(&named.target);
            let trial = async move {
                if let Err(reason) = pool.try_to_connect().await {
                    tracing::warn!(%target, reason, "a pool cannot connect");
                    faults.note(format!("cannot connect to {target}: {reason}"));
                }
            };
            ctx.spawn(wrap_future(trial).map(|(), pools: &mut Self, ctx| pools.changed(ctx)));
        }
    }
}

impl Actor for ConnectionPool {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        if self.restarted {
            self.supervision.hold(ctx);
        } else {
            self.try_all(ctx);
        }
        self.plan_look(ctx);
        self.changed(ctx);
    }
}

impl Supervised for ConnectionPool {
    /// Pools and books are kept: connections in use survive, and who gives one back is heard.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.restarted = true;
        self.looking = None;
        self.publisher.restarted();
    }
}

impl SystemService for ConnectionPool {}

impl Publishes for ConnectionPool {
    fn publisher(&mut self) -> &mut Publisher {
        &mut self.publisher
    }

    fn status(&mut self) -> ServiceStatus {
        ServiceStatus::Pools(self.statuses())
    }
}

impl Handler<Enter> for ConnectionPool {
    type Result = Result<Entered, ServiceError>;

    fn handle(&mut self, enter: Enter, ctx: &mut Self::Context) -> Self::Result {
        let address = ctx.address();
        self.guarded(ctx, |pools| pools.enter(enter, address))?
    }
}

impl Handler<Took> for ConnectionPool {
    type Result = ();

    fn handle(&mut self, Took { pool, place }: Took, ctx: &mut Self::Context) {
        let now_ms = self.clock.now_ms();
        // A panic is logged and counted where it is caught.
        let _ = self.guarded(ctx, |pools| {
            if let Some(named) = pools.pools.get_mut(&pool) {
                named.book.took(place, now_ms);
            }
        });
    }
}

impl Handler<Left> for ConnectionPool {
    type Result = ();

    fn handle(&mut self, Left { pool, place }: Left, ctx: &mut Self::Context) {
        let left = self.guarded(ctx, |pools| {
            if let Some(named) = pools.pools.get_mut(&pool) {
                named.book.left(place);
            }
        });
        if left.is_ok() {
            self.plan_look(ctx);
        }
    }
}

impl Handler<ShowPools> for ConnectionPool {
    type Result = MessageResult<ShowPools>;

    fn handle(&mut self, _: ShowPools, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.statuses())
    }
}

impl Handler<Panic> for ConnectionPool {
    type Result = Result<(), ServiceError>;

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |_| panic!("told to panic"))
    }
}
