//! Panics in a handler of a supervised actor: caught, logged, and turned into a restart.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix::{Actor, ActorContext, Context};

use crate::supervision::panic_text;

/// Runs `work`. If it panics the actor's context stops, so that its supervisor restarts it; then the answer
/// is None and the caller must touch nothing else.
pub(crate) fn guard<A, R>(ctx: &mut Context<A>, part: &'static str, work: impl FnOnce() -> R) -> Option<R>
where
    A: Actor<Context = Context<A>>,
{
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(answer) => Some(answer),
        Err(panic) => {
            tracing::error!(part, reason = panic_text(&*panic), "a part panicked and is restarted");
            ctx.stop();
            None
        }
    }
}
