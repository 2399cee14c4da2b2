//! The list by keyboard.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use taskyard_shared::job::JobId;
use wasm_bindgen::JsCast;

use super::list::on_window;
use super::list_model::ListModel;
use super::selection::{Bulk, run_bulk};
use super::toolbar::SEARCH_ID;
use crate::board::Board;
use crate::components::keys::is_taken;

pub fn listen(board: Board, model: ListModel) {
    let navigate = use_navigate();
    let open = move |id: JobId| navigate(&format!("/jobs/{id}"), NavigateOptions::default());
    on_window(leptos::ev::keydown, move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" {
            leave_search(&event);
        }
        if is_taken(&event) {
            return;
        }
        if pressed(board, model, &event, &open) {
            event.prevent_default();
        }
    });
}

/// Whether the key was a shortcut.
fn pressed(board: Board, model: ListModel, event: &web_sys::KeyboardEvent, open: &impl Fn(JobId)) -> bool {
    let current = untrack(|| model.current());
    match (event.key().as_str(), current) {
        ("/", _) => focus(SEARCH_ID),
        ("j", _) => model.step(1),
        ("k", _) => model.step(-1),
        ("g", _) => model.show_top(),
        ("n", _) => board.adding.set(true),
        ("Enter", Some(id)) if is_on_row(event) => open(id),
        ("x", Some(id)) => model.toggle_selected(id),
        ("c", _) => act(board, model, current, Bulk::Cancel),
        ("r", _) => act(board, model, current, Bulk::Retry),
        _ => return false,
    }
    true
}

fn act(board: Board, model: ListModel, current: Option<JobId>, bulk: Bulk) {
    if !model.selected.with_untracked(Vec::is_empty) {
        return run_bulk(model, bulk);
    }
    match (current, bulk) {
        (Some(id), Bulk::Cancel) => board.cancel(id),
        (Some(id), Bulk::Retry) => board.retry(id),
        (None, _) => {}
    }
}

/// Enter on a link or a button is theirs.
fn is_on_row(event: &web_sys::KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_none_or(|target| target.closest("a, button").ok().flatten().is_none())
}

fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

fn focus(id: &str) {
    if let Some(element) = element(id) {
        let _focused = element.focus();
    }
}

fn leave_search(event: &web_sys::KeyboardEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(field) = target.filter(|target| target.id() == SEARCH_ID) {
        let _left = field.blur();
    }
}
