//! The queue: what jobs exist, which may run, and the one hand through which all of that changes.

pub mod messages;

pub use messages::QueueError;
