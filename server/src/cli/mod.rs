//! The command line: `serve` runs a server, `bench` measures one in this process, and every other command
//! is a client of a running server, through its API and its live protocol alone.

mod args;
mod arguments;
mod bench;
mod client;
mod commands;
mod error;
mod format;
mod interrupts;
mod logging;
mod output;
pub mod run;
mod serve;
mod table;
mod values;
