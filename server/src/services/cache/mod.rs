//! The cache: JSON values under keys, each for a time, bounded together by weight. In use for results of jobs that may
//! be used again (keys that begin with `job:`), and for kinds of jobs.
//!
//! It is in memory: a restart of the server forgets it.

mod actor;
mod computation;
mod entries;
mod flights;
mod handle;
mod messages;

pub use actor::{CacheActor, CacheConfig};
pub use entries::{CacheLimits, Cached, Wanted};
pub(crate) use handle::Terms;
pub use handle::{Cache, ComputeError, Source};
pub use messages::{Drop as DropCached, Get, Invalidate, Panic, Put, ShowCache};
