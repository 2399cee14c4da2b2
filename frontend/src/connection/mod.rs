//! The board's line to its server: one WebSocket, all commands and all views over it.

pub mod backoff;
pub mod exchange;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
pub mod mounted;
#[cfg(target_arch = "wasm32")]
mod socket;
pub mod status;
pub mod wire;

#[cfg(target_arch = "wasm32")]
pub use live::{Connection, watch};
