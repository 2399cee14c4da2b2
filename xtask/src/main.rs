//! Taskyard's chores.
fn main() {}
