//! The words that Taskyard's server and its clients share: jobs, queues, live views, and every message
//! that crosses the WebSocket. Compiled for the server and for the browser alike, so it knows serde and
//! nothing else: no clock, no I/O.
//!
//! `docs/PROTOCOL.md` defines the protocol in prose; the types here are that definition in code, and the
//! golden files in `shared/tests/golden/` pin both.

pub mod batch;
pub mod command;
pub mod error;
pub mod event;
pub mod explain;
pub mod job;
pub mod kind;
pub mod limit;
pub mod limits;
pub mod log;
pub mod new_job;
pub mod object;
pub mod operation;
pub mod queue;
pub mod schedule;
pub mod service;
pub mod view;

/// The version that each side names in its first frame. A server refuses every other.
pub const PROTOCOL_VERSION: u32 = 1;
