//! A page that lists what has a name, and has a form to add to it or change it. The address says which form is
//! open: `?new=1` or `?edit=NAME`.

use std::rc::Rc;

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use wasm_bindgen::JsCast;

use super::command_form::Leave;
use super::keys::is_taken;
use super::title::name_page;
use crate::board::Board;
use crate::reactive::memo;
use crate::state::yard::Yard;

/// What one such page is made of.
pub struct ListPage {
    pub title: &'static str,
    pub about: &'static str,
    pub path: &'static str,
    /// The button that opens the form for a new one.
    pub add: &'static str,
    /// In their order.
    pub names: fn(&Yard) -> Vec<String>,
    pub entry: fn(Board, String) -> AnyView,
    /// None for a new one.
    pub form: fn(Board, Option<String>, Leave) -> AnyView,
    pub empty: fn() -> AnyView,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    New,
    Edit(String),
}

pub fn list_page(page: &'static ListPage) -> AnyView {
    let board = expect_context::<Board>();
    name_page(move || page.title.to_owned());
    let known = memo(move || board.yard.with(|yard| yard.known));
    let names = memo(move || board.yard.with(page.names));
    view! {
        <section class="plain-page">
            <header class="page-head">
                <h1>{page.title}</h1>
                <a class="button primary push" href=format!("{}?new=1", page.path)>{page.add}</a>
                <p class="faint">{page.about}</p>
            </header>
            {form_panel(board, page)}
            <ul class="entries" aria-label=page.title>
                <For each=move || names.get() key=|name| name.clone() let:name>{(page.entry)(board, name)}</For>
            </ul>
            {move || match (known.get(), names.with(Vec::is_empty)) {
                (false, _) => view! { <p class="faint">"The list shows as soon as the server answers."</p> }.into_any(),
                (true, true) => (page.empty)(),
                (true, false) => ().into_any(),
            }}
        </section>
    }
    .into_any()
}

fn form_panel(board: Board, page: &'static ListPage) -> AnyView {
    let query = use_query_map();
    let navigate = use_navigate();
    let asked = memo(move || {
        query.with(|query| match (query.get("edit"), query.get("new")) {
            (Some(name), _) => Asked::Edit(name),
            (None, Some(_)) => Asked::New,
            (None, None) => Asked::Nothing,
        })
    });
    let go = navigate.clone();
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "n" && !is_taken(&event) {
            event.prevent_default();
            go(&format!("{}?new=1", page.path), NavigateOptions::default());
        }
    });
    on_cleanup(move || shortcut.remove());
    // The form is made of what the server knows.
    let ready = memo(move || {
        let has_lists = board.yard.with(|yard| yard.known) && board.queues.with(|queues| queues.known);
        has_lists && !board.kinds.with(Vec::is_empty)
    });
    let leave: Leave = Rc::new(move || {
        navigate(page.path, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        focus_main();
    });
    let leave = StoredValue::new_local(leave);
    let shown = move || match (asked.get(), ready.get()) {
        (Asked::Nothing, _) => ().into_any(),
        (_, false) => {
            view! { <p class="faint">"The form shows as soon as the server answers."</p> }.into_any()
        }
        (Asked::New, true) => panel(page.add.to_owned(), (page.form)(board, None, leave.get_value())),
        (Asked::Edit(name), true) => {
            panel(format!("Change {name}"), (page.form)(board, Some(name), leave.get_value()))
        }
    };
    shown.into_any()
}

fn panel(title: String, form: AnyView) -> AnyView {
    view! {
        <section class="panel" aria-label=title.clone()>
            <h2>{title.clone()}</h2>
            {form}
        </section>
    }
    .into_any()
}

/// For what had the focus and is gone now, or is skipped.
pub fn focus_main() {
    let main =
        document().get_element_by_id("main").and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(main) = main {
        let _focused = main.focus();
    }
}

/// What stands in for a form of something that is not there.
pub fn missing(what: &str, name: &str) -> AnyView {
    view! { <p class="note error">{format!("There is no {what} {name}; it may have been removed.")}</p> }
        .into_any()
}

/// The names to choose from, with one that is chosen already even if it is not among them any more.
pub fn with_chosen(mut names: Vec<String>, chosen: Option<&String>) -> Vec<String> {
    if let Some(chosen) = chosen.filter(|chosen| !names.contains(chosen)) {
        names.push(chosen.clone());
    }
    names
}

pub fn queue_names(board: Board, chosen: Option<&String>) -> Vec<String> {
    let names =
        board.queues.with_untracked(|queues| queues.list.iter().map(|queue| queue.name.clone()).collect());
    with_chosen(names, chosen)
}

pub fn kind_names(board: Board, chosen: Option<&String>) -> Vec<String> {
    let names = board.kinds.with_untracked(|kinds| kinds.iter().map(|kind| kind.kind.clone()).collect());
    with_chosen(names, chosen)
}
