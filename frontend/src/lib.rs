//! The board: one page application that shows every job of a Taskyard server as it happens.
//!
//! What decides (applying deltas, window arithmetic, forms made from schemas, formatting) is plain Rust
//! that compiles for the host and is tested there. What touches the browser compiles for wasm32 alone.

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
pub mod board;
#[cfg(target_arch = "wasm32")]
pub mod components;
pub mod connection;
pub mod few;
pub mod format;
#[cfg(target_arch = "wasm32")]
pub mod pages;
#[cfg(target_arch = "wasm32")]
pub mod reactive;
pub mod state;
