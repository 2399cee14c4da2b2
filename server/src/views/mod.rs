//! Live views: the rows that tabs watch, kept up to date from what was committed, and sent as numbered
//! frames that all watchers of a query share.

mod actor;
mod counters;
mod frames;
mod hub;
mod jobs_view;
mod live_view;
pub mod messages;
mod query;
mod queue_book;
mod queues_view;
mod reading;
#[cfg(test)]
pub(crate) mod tests;
mod watchers;
mod window_diff;

pub use actor::{ViewHub, ViewHubConfig};
pub use counters::{LiveCounters, OpenSession};
pub(crate) use frames::serialise;
pub use hub::HubLimits;
