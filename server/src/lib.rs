//! Taskyard: a background-job server with a live board.

pub mod api;
pub mod clock;
pub mod config;
pub mod cron;
pub mod executor;
pub mod files;
pub mod kinds;
pub mod limits;
mod mount;
pub mod pubsub;
pub mod queue;
pub mod serve;
pub mod services;
pub mod session;
pub mod store;
pub mod supervision;
pub mod testing;
pub mod transactional;
pub mod views;
mod webhooks;
pub mod yard;

pub use config::Config;
pub use mount::{MountOptions, mount, mount_with};
/// The one that [`transactional`] works with: two copies of SQLite in a process would damage each other's files.
pub use rusqlite;
pub use serve::{ServeError, serve, serve_with};
pub use taskyard_shared as shared;
pub use yard::{Yard, YardBuilder};
