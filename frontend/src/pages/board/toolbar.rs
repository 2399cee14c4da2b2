//! Above the list: search, kind, order, what is filtered, and what can be done with the whole.

use leptos::html;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use taskyard_shared::limits::MAX_FILTER_CHARS;
use taskyard_shared::view::{JobFilter, SortOrder};

use super::bulk::bulk_button;
use super::list_model::ListModel;
use super::page::{Address, Replace};
use crate::board::{Board, Overlay};
use crate::components::icons;
use crate::reactive::{Show, effect, memo};
use crate::state::address::parts;

/// The search field's id: `/` puts the focus there.
pub const SEARCH_ID: &str = "search";

#[component]
pub fn Toolbar(board: Board, model: ListModel) -> impl IntoView {
    let address = model.address;
    let finished = memo(move || board.queues.with(|queues| queues.totals().finished()));
    view! {
        <div class="toolbar" role="search">
            <Search address/>
            <KindFilter board address/>
            <label class="visually-hidden" for="sort">"Order"</label>
            <select
                id="sort"
                prop:value=move || if address.read.get().sort == SortOrder::Oldest { "oldest" } else { "newest" }
                on:change=move |event| {
                    let oldest = event_target_value(&event) == "oldest";
                    address.change(Replace::No, |address| {
                        address.sort = if oldest { SortOrder::Oldest } else { SortOrder::Newest };
                    });
                }
            >
                <option value="newest">"Newest first"</option>
                <option value="oldest">"Oldest first"</option>
            </select>
            <button
                class="push"
                disabled=move || finished.get() == 0
                on:click=move |_| board.overlay.set(Overlay::ClearFinished)
            >
                "Clear finished"
            </button>
            <button
                class="primary"
                aria-expanded=move || board.adding.get().to_string()
                on:click=move |_| board.adding.update(|adding| *adding = !*adding)
            >
                {icons::icon(icons::PLUS)} "New job"
            </button>
        </div>
        <Filters board model/>
    }
}

#[component]
fn Search(address: Address) -> impl IntoView {
    let node = NodeRef::<html::Input>::new();
    let text = memo(move || address.read.with(|address| address.filter.text.clone()));
    // Going back and forth in the history changes the field, typing in it does not change it again.
    effect(move || {
        let text = text.get();
        if let Some(input) = node.get()
            && input.value().trim() != text
        {
            input.set_value(&text);
        }
    });
    let search = move |typed: String| {
        // The first letter is a step in the history, the others are not.
        let replace = if text.get_untracked().is_empty() { Replace::No } else { Replace::Yes };
        address.change(replace, |address| {
            address.filter.text = typed.trim().to_owned();
            address.row = None;
        });
    };
    let mut debounced = debounce(std::time::Duration::from_millis(200), search);
    view! {
        <label class="search">
            {icons::icon(icons::SEARCH)}
            <span class="visually-hidden">"Search jobs"</span>
            <input
                id=SEARCH_ID
                node_ref=node
                type="search"
                autocomplete="off"
                placeholder="Search, or #12"
                maxlength=MAX_FILTER_CHARS.to_string()
                on:input=move |event| debounced(event_target_value(&event))
            />
            <kbd aria-hidden="true">"/"</kbd>
        </label>
    }
}

#[component]
fn KindFilter(board: Board, address: Address) -> impl IntoView {
    let kinds = memo(move || {
        let mut kinds: Vec<String> =
            board.kinds.with(|kinds| kinds.iter().map(|kind| kind.kind.clone()).collect());
        // A link may name a kind that this server does not offer any more.
        if let Some(kind) = address.read.with(|address| address.filter.kind.clone())
            && !kinds.contains(&kind)
        {
            kinds.push(kind);
        }
        kinds
    });
    let chosen = move || address.read.with(|address| address.filter.kind.clone().unwrap_or_default());
    view! {
        <label class="visually-hidden" for="kind-filter">"Kind"</label>
        <select
            id="kind-filter"
            on:change=move |event| {
                let kind = Some(event_target_value(&event)).filter(|kind| !kind.is_empty());
                address.change(Replace::No, |address| address.filter.kind = kind);
            }
        >
            <option value="" selected=move || chosen().is_empty()>"Every kind"</option>
            {move || kinds.get().into_iter().map(|kind| {
                let own = kind.clone();
                view! { <option value=kind.clone() selected=move || chosen() == own>{kind.clone()}</option> }
            }).collect_view()}
        </select>
    }
}

/// What the list is narrowed to, each part with a button that takes it away, and what can be done with all of that.
#[component]
fn Filters(board: Board, model: ListModel) -> impl IntoView {
    let address = model.address;
    let parts = memo(move || address.read.with(|address| parts(&address.filter)));
    let batch = memo(move || address.read.with(|address| address.filter.batch));
    view! {
        <Show when=move || !parts.with(Vec::is_empty)>
            <ul class="chips" aria-label="Filters">
                <For each=move || parts.get() key=|part| part.clone() let:part>
                    <li>
                        <button class="chip" aria-label=format!("Remove filter {part}") on:click={
                            let part = part.clone();
                            move |_| address.change(Replace::No, |address| remove(&mut address.filter, &part))
                        }>
                            {part.clone()} {icons::icon(icons::CLOSE)}
                        </button>
                    </li>
                </For>
                {move || batch.get().map(|batch| view! {
                    <li><a class="button quiet small" href=format!("batches/{batch}")>"See how far the batch is"</a></li>
                })}
                <li>
                    <button class="quiet small" on:click=move |_| {
                        address.change(Replace::No, |address| address.filter = JobFilter::default());
                    }>
                        "Show all"
                    </button>
                </li>
                <li class="push">{bulk_button(board, model)}</li>
            </ul>
        </Show>
    }
}

fn remove(filter: &mut JobFilter, part: &str) {
    filter.states.retain(|state| part != format!("state {state}"));
    match part.split_once(' ') {
        Some(("queue", _)) => filter.queue = None,
        Some(("kind", _)) => filter.kind = None,
        Some(("batch", _)) => filter.batch = None,
        Some(("text", _)) => filter.text.clear(),
        _ => {}
    }
}
