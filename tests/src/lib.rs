//! What the tests share: a server on a free port, and a browser.

pub mod browser;
pub mod output;
pub mod patience;
pub mod server;
pub mod stored;
