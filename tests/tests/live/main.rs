//! The live protocol over real sockets.

mod commands;
mod converging;
mod resuming;
mod sharing;
mod stalled;
mod wrong_frames;

/// The server with the test kind.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
