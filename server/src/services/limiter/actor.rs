//! The actor around [`super::keys`].

use std::time::Duration;

use actix::{
    Actor, AsyncContext, Context, Handler, MessageResult, Recipient, SpawnHandle, Supervised, SystemService,
};
use taskyard_shared::limit::Rate;

use super::keys::{Keys, LimiterLimits, Verdict};
use super::messages::{Check, Panic, ShowLimiter};
use crate::clock::Clock;
use crate::services::{Publisher, Publishes, ServiceError};
use crate::supervision::Supervision;
use crate::views::messages::ServiceStatus;

pub(super) const PART: &str = "rate limiter";
/// The mailbox's bound; callers beyond it wait.
const MAILBOX: usize = 4096;
const FORGET_EVERY: Duration = Duration::from_secs(1);
/// Most keys forgotten in one go, so that nobody waits long behind it.
const FORGET_STEP: usize = 10_000;

/// What a rate limiter is made of.
#[derive(Default)]
pub struct RateLimiterConfig {
    pub limits: LimiterLimits,
    /// How often a client may submit; only to be shown.
    pub submissions: Option<Rate>,
    pub clock: Clock,
    pub supervision: Supervision,
    /// Who shows how it stands.
    pub shown_by: Option<Recipient<ServiceStatus>>,
}

/// See the module above.
pub struct RateLimiter {
    keys: Keys,
    submissions: Option<Rate>,
    clock: Clock,
    supervision: Supervision,
    publisher: Publisher,
    restarted: bool,
    forgetting: Option<SpawnHandle>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        RateLimiter::new(RateLimiterConfig::default())
    }
}

impl RateLimiter {
    pub fn new(config: RateLimiterConfig) -> Self {
        RateLimiter {
            keys: Keys::new(config.limits),
            submissions: config.submissions,
            clock: config.clock,
            supervision: config.supervision,
            publisher: config.shown_by.map(Publisher::new).unwrap_or_default(),
            restarted: false,
            forgetting: None,
        }
    }

    /// Does `work`; a panic in it restarts the actor.
    fn guarded<T>(
        &mut self,
        ctx: &mut Context<Self>,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, ServiceError> {
        let supervision = self.supervision.clone();
        let done = supervision.guard_actor(ctx, PART, || work(self));
        done.ok_or(ServiceError::Restarting(PART))
    }

    /// Looks for idle keys as long as there are keys.
    fn plan_forgetting(&mut self, after: Duration, ctx: &mut Context<Self>) {
        if self.forgetting.is_some() || self.keys.is_empty() {
            return;
        }
        self.forgetting = Some(ctx.run_later(after, |limiter, ctx| {
            limiter.forgetting = None;
            let now_ms = limiter.clock.now_ms();
            let more = limiter.guarded(ctx, |limiter| limiter.keys.forget_idle(now_ms, FORGET_STEP));
            let again = if more == Ok(true) { Duration::ZERO } else { FORGET_EVERY };
            limiter.changed(ctx);
            limiter.plan_forgetting(again, ctx);
        }));
    }
}

impl Actor for RateLimiter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX);
        if self.restarted {
            self.supervision.hold(ctx);
        }
        self.plan_forgetting(FORGET_EVERY, ctx);
        self.changed(ctx);
    }
}

impl Supervised for RateLimiter {
    /// The keys are kept: a check either counts or does not, and a panic in between leaves no half of it behind.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.restarted = true;
        self.forgetting = None;
        self.publisher.restarted();
    }
}

impl SystemService for RateLimiter {}

impl Publishes for RateLimiter {
    fn publisher(&mut self) -> &mut Publisher {
        &mut self.publisher
    }

    fn status(&mut self) -> ServiceStatus {
        ServiceStatus::Limiter(self.keys.status(self.submissions))
    }
}

impl Handler<Check> for RateLimiter {
    type Result = Result<Verdict, ServiceError>;

    fn handle(&mut self, Check { key, rate }: Check, ctx: &mut Self::Context) -> Self::Result {
        let now_ms = self.clock.now_ms();
        let verdict = self.guarded(ctx, |limiter| limiter.keys.check(&key, rate, now_ms));
        self.changed(ctx);
        self.plan_forgetting(FORGET_EVERY, ctx);
        verdict
    }
}

impl Handler<ShowLimiter> for RateLimiter {
    type Result = MessageResult<ShowLimiter>;

    fn handle(&mut self, _: ShowLimiter, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.keys.status(self.submissions))
    }
}

impl Handler<Panic> for RateLimiter {
    type Result = Result<Verdict, ServiceError>;

    fn handle(&mut self, _: Panic, ctx: &mut Self::Context) -> Self::Result {
        self.guarded(ctx, |_| panic!("told to panic"))
    }
}
