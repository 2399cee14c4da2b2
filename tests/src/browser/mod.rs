//! A person at a browser: headless Chromium, with windows that see the same server.
//!
//! Things are found by role and accessible name, as Chromium itself works them out. Waiting happens inside the
//! page, woken by its changes, until a deadline. One browser runs at a time in a test program, so that tests do
//! not slow each other down; it ends with its [`Browser`], in a failed test too.

mod cdp;
mod element;
mod page;
mod programs;
mod session;
mod stamps;

pub use element::Element;
pub use page::{Page, Scheme};
pub use session::Browser;
pub use stamps::Stamp;
