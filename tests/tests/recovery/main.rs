//! What outlives the process: crashes, stops, and data folders that are not as they should be.

mod crashes;
mod data_folder;
mod load;
mod stopping;
mod verdict;

/// The server with the test kind.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
