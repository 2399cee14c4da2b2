//! Taskyard's live board.
fn main() {}
