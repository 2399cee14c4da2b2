//! The queue: what jobs exist, which may run, and the one hand through which all of that changes.
//!
//! [`core`] decides (plain Rust, no clock, no I/O), [`JobQueue`] translates between its mailbox, the store
//! writer and the executor, and [`messages`] is what it can be told.

pub mod actor;
pub mod core;
pub mod messages;

pub use actor::{JobQueue, JobQueueParts, WriterSlot};
pub use messages::QueueError;
