//! The outcome of a command, beside what gave it.

use leptos::prelude::*;

use crate::board::Note;

#[component]
pub fn NoteLine(#[prop(into)] note: Signal<Option<Note>>) -> impl IntoView {
    view! {
        <div role="status" class="note-slot">
            {move || note.get().map(|note| {
                view! { <p class="note" class:error=note.is_error>{note.text}</p> }
            })}
        </div>
    }
}
