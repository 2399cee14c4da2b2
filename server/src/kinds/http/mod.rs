//! The `http` kind: one HTTP request, its response the result.

pub mod config;

pub use config::{HttpConfig, Network};
