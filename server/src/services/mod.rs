//! Services beside the queue, for kinds of jobs and for the server itself: supervised actors like the queue, each
//! registered in the actix System, with a handle that hides the messages.
//!
//! A panic in one of them costs the caller whose message it was a [`ServiceError`] that is worth another try; the
//! actor is restarted, and those behind it in its mailbox are answered as if nothing had been.

pub mod cache;
mod error;
pub mod limiter;
pub mod pool;
mod publisher;
mod start;
#[cfg(test)]
mod tests;

pub use cache::{Cache, CacheLimits};
pub use error::ServiceError;
pub use limiter::{Client, Limiter, RateLimiter, Verdict};
pub use pool::{ConnectionPool, Pools};
pub(crate) use publisher::{Publisher, Publishes};
pub use start::{Services, ServicesConfig};
