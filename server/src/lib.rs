//! Taskyard: a background-job server with a live board.

pub mod api;
pub mod files;
pub mod kinds;
pub mod pubsub;
pub mod queue;
pub mod session;
pub mod store;
pub mod supervision;
pub mod views;
pub mod yard;

pub use taskyard_shared as shared;
pub use yard::Yard;
