//! One WebSocket each: what a tab watches, what it asks for, and how much it may be sent.
//!
//! This is the only place that knows `actix-web-actors`. The protocol is defined in `docs/PROTOCOL.md`.

mod actor;
mod backlog;
mod connect;
mod credit;
mod fragments;
mod frame_guard;
mod inbound;
mod live_state;
mod requests;
mod socket;
#[cfg(test)]
mod tests;

pub use connect::connect;
pub use live_state::{Execute, LiveConfig, LiveState};
