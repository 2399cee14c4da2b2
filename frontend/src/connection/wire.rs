//! Reads the server's frames.
//!
//! Each is parsed into a tree, and what is wanted is taken from there by name. What serde derives reads the same, but
//! came to a tenth of the whole program: it has code of its own for every field of every message. The tests hold this
//! against it, message by message. Replies to `add_jobs` are left out: the board adds jobs one by one.

pub mod json;
mod messages;
mod things;
mod words;

use taskyard_shared::event::ServerFrame;

/// None if this is no frame of the protocol.
pub fn frame(text: &str) -> Option<ServerFrame> {
    json::read(text)
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
