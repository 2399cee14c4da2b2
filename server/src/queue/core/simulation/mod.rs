//! The core against a store and an executor that do whatever may happen, in random order and virtual time.

mod properties;
mod world;
