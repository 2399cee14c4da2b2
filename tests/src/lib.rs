//! What the tests share: servers on free ports, clients of every sort, and a browser.

pub mod api;
pub mod browser;
pub mod fragile_yard;
pub mod mailbox;
pub mod notes;
pub mod output;
pub mod patience;
pub mod picture;
pub mod program;
pub mod record;
pub mod server;
pub mod stalled_tab;
pub mod stored;
pub mod tab;
pub mod test_worker;
