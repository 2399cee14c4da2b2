//! What outlives the process: crashes, stops, and data folders that are not as they should be.

mod crashes;
mod data_folder;
mod ending;
mod limits;
mod load;
mod operations;
mod order;
mod repeats;
mod settings;
mod stopping;
mod times;
mod verdict;

/// The server with the test kind.
const PROGRAM: &str = env!("CARGO_BIN_EXE_fragile_yard");
