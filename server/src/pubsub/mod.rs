//! Who hears of what was committed.

pub mod actor;
pub mod messages;

pub use actor::PubSub;
pub use messages::{CommitEvents, JobChange, Publish, Subscribe};
