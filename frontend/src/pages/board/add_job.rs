//! Adding a job: its kind, then the kind's form.

use leptos::prelude::*;

use super::kind_form::KindForm;
use crate::board::Board;
use crate::components::icons;
use crate::reactive::memo;

#[component]
pub fn AddJob(board: Board) -> impl IntoView {
    let chosen = RwSignal::new(String::new());
    let kind = memo(move || {
        board.kinds.with(|kinds| {
            let named = kinds.iter().find(|kind| kind.kind == chosen.get());
            named.or_else(|| kinds.iter().find(|kind| kind.kind == "demo")).or_else(|| kinds.first()).cloned()
        })
    });
    let names = memo(move || {
        board.kinds.with(|kinds| kinds.iter().map(|kind| kind.kind.clone()).collect::<Vec<_>>())
    });
    let is_chosen = move |name: &str| kind.with(|kind| kind.as_ref().is_some_and(|kind| kind.kind == name));
    view! {
        <aside class="add" aria-label="Add a job">
            <div class="dialog-head">
                <h2>"Add a job"</h2>
                <button class="quiet icon" aria-label="Close the form" on:click=move |_| board.adding.set(false)>
                    {icons::icon(icons::CLOSE)}
                </button>
            </div>
            <label class="field">
                <span class="field-label">"Kind of job"</span>
                <select on:change=move |event| chosen.set(event_target_value(&event))>
                    {move || names.get().into_iter().map(|name| view! {
                        <option value=name.clone() selected=is_chosen(&name)>{name.clone()}</option>
                    }).collect_view()}
                </select>
            </label>
            {move || match kind.get() {
                Some(kind) => view! { <KindForm board kind/> }.into_any(),
                None => view! {
                    <p class="faint">"The kinds of job show as soon as the server answers."</p>
                }.into_any(),
            }}
        </aside>
    }
}
