//! The state of a job: a word, a shape and a colour.

use leptos::prelude::*;
use taskyard_shared::job::JobState;

use super::icons;

#[component]
pub fn Badge(#[prop(into)] state: Signal<JobState>) -> impl IntoView {
    view! {
        <span class="badge" data-state=move || state.get().as_str()>
            {move || icons::state(state.get())}
            <span>{move || state.get().as_str()}</span>
        </span>
    }
}
