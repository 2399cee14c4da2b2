//! The gate: everything that must hold before a change lands.

mod protocol_words;
mod runner;
mod steps;

pub use runner::{run, steps_help};
