//! The rate limiter: how often something may be done, by key. In use on submissions, and for kinds of jobs.
//!
//! It counts with the same [`crate::limits::Gcra`] as the limits of queues, kinds and keys, which the stores keep; but in
//! memory, so a restart of the server forgets it.

mod actor;
mod client;
mod handle;
mod keys;
mod messages;

pub use actor::{RateLimiter, RateLimiterConfig};
pub use client::Client;
pub use handle::Limiter;
pub use keys::{LimiterLimits, Verdict};
pub use messages::{Check, Panic, ShowLimiter};
