//! Light and dark: the system's choice, unless the viewer made one.

use leptos::prelude::*;

const KEY: &str = "taskyard-theme";
const THEMES: [&str; 3] = ["system", "light", "dark"];

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn saved() -> usize {
    let saved = storage().and_then(|storage| storage.get_item(KEY).ok().flatten());
    THEMES.iter().position(|theme| Some(*theme) == saved.as_deref()).unwrap_or(0)
}

/// Before anything is drawn.
pub fn apply_saved() {
    apply(saved());
}

fn apply(theme: usize) {
    if let Some(root) = document().document_element() {
        let _set = match THEMES[theme] {
            "system" => root.remove_attribute("data-theme"),
            theme => root.set_attribute("data-theme", theme),
        };
    }
}

/// Goes to the next of system, light and dark, and remembers it.
pub fn next_theme() -> &'static str {
    let next = (saved() + 1) % THEMES.len();
    if let Some(storage) = storage() {
        // Without storage (a private window) the choice lasts as long as the page.
        let _kept = storage.set_item(KEY, THEMES[next]);
    }
    apply(next);
    THEMES[next]
}

#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(THEMES[saved()]);
    view! {
        <button
            class="quiet icon"
            aria-label=move || format!("Theme: {}", theme.get())
            title=move || format!("Theme: {}", theme.get())
            on:click=move |_| theme.set(next_theme())
        >
            {move || super::icons::icon(match theme.get() {
                "light" => "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
                "dark" => "M13 9.6A5.6 5.6 0 1 1 6.4 3a4.6 4.6 0 0 0 6.6 6.6z",
                _ => "M2 3h12v8H2zM6 14h4M8 11v3",
            })}
        </button>
    }
}
