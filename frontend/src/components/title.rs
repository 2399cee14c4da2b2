//! What the browser's tab is called.

use leptos::prelude::*;

use crate::reactive::effect;

/// Names the page for as long as the caller's owner lives.
pub fn name_page(name: impl Fn() -> String + 'static) {
    let named = StoredValue::new(String::new());
    effect(move || {
        let title = format!("{} · Taskyard", name());
        document().set_title(&title);
        named.set_value(title);
    });
    on_cleanup(move || {
        // The next page may have its name there already.
        if named.try_get_value().is_some_and(|named| named == document().title()) {
            document().set_title("Taskyard");
        }
    });
}
