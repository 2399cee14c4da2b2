//! Callers that add jobs and wait for each answer, by every way that a yard can be reached.

mod caller;
mod drive;
mod http;
mod in_process;
mod websocket;

pub use caller::Caller;
pub use drive::drive;
