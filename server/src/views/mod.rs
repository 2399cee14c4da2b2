//! Live views: the rows that tabs watch, kept up to date from what was committed, and sent as numbered
//! frames that all watchers of a query share.

mod actor;
mod books;
mod content;
mod counters;
mod frames;
mod hub;
mod jobs_view;
mod live_view;
mod log_view;
pub mod messages;
mod pages;
mod query;
mod queue_book;
mod queues_view;
mod reading;
mod services_book;
mod services_view;
#[cfg(test)]
pub(crate) mod tests;
mod watchers;
mod window_diff;
mod yard_book;
mod yard_view;

pub use actor::{ViewHub, ViewHubConfig};
pub use counters::{LiveCounters, OpenSession};
pub(crate) use frames::serialise;
pub use hub::HubLimits;
