//! Who hears of what was committed.

pub mod actor;
pub mod messages;
mod subscribers;
#[cfg(test)]
mod tests;

pub use actor::PubSub;
pub use messages::{CommitEvents, GetCounters, JobChange, Publish, Subscribe};
pub use subscribers::PubSubCounters;
