//! Parts and jobs that panic, and what it costs the others.

mod budget;
mod full_disk;
mod jobs;
mod parts;
mod promises;

/// The server with the test kind, whose parts panic when they are told to.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
