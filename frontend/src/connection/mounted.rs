//! Where the board is mounted: the document's base, which the server writes into the page.

use leptos::prelude::{document, window};

/// Its full address, with a slash at the end: `https://example.org/jobs/`.
pub fn base_address() -> Option<String> {
    document().base_uri().ok().flatten()
}

/// Its path without a slash at the end: `/jobs`; empty at the root.
pub fn mount_path() -> String {
    let origin = window().location().origin().unwrap_or_default();
    let address = base_address().unwrap_or_default();
    address.strip_prefix(&origin).unwrap_or_default().trim_end_matches('/').to_owned()
}
