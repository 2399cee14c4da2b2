//! Whether a key press is meant for a shortcut.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// True while the press belongs to a field, a dialog, or the browser.
pub fn is_taken(event: &web_sys::KeyboardEvent) -> bool {
    if event.default_prevented() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return true;
    }
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let in_field = target.is_some_and(|target| {
        let field = "textarea, select, dialog, input:not([type=checkbox])";
        target.closest(field).ok().flatten().is_some()
    });
    in_field || document().query_selector("dialog[open]").ok().flatten().is_some()
}
