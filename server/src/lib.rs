//! Taskyard: a background-job server with a live board.

pub mod clock;
pub mod config;
pub mod executor;
pub mod files;
pub mod kinds;
pub mod pubsub;
pub mod queue;
pub mod serve;
pub mod store;
pub mod supervision;
pub mod views;
pub mod yard;

pub use config::Config;
pub use serve::{ServeError, serve};
pub use taskyard_shared as shared;
pub use yard::Yard;
