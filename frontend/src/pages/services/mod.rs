//! The services beside the queue: rate limiter, cache and pools of connections, live.

mod page;
mod table;

pub use page::ServicesPage;
