//! Taskyard's live board: starts the page.

#[cfg(target_arch = "wasm32")]
fn main() {
    taskyard_board::app::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    // The board runs in a browser; on the host this crate is compiled for its tests alone.
}
