//! The `taskyard` program.
fn main() {}
