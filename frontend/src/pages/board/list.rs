//! The list of jobs: only the visible rows are in the document.

use leptos::ev;
use leptos::prelude::*;
use taskyard_shared::job::JobId;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::empty::EmptyList;
use super::list_model::ListModel;
use super::row::Row;
use crate::board::Board;
use crate::format;
use crate::reactive::{Show, effect, memo};

/// What stands at a place in the list: a job, or nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Item {
    Job(JobId),
    Blank(u64),
}

#[component]
pub fn JobList(board: Board, model: ListModel) -> impl IntoView {
    let items = memo(move || {
        let drawn = model.geometry().drawn(model.scroll_px.get());
        model.display.with(|display| {
            drawn
                .map(|at| display.at(at).map_or(Item::Blank(at), |slot| Item::Job(slot.job.id)))
                .collect::<Vec<_>>()
        })
    });
    measure(model);
    let height = move || format!("{}px", format::decimal(model.geometry().height_px()));
    let rows = memo(move || model.display.with(|display| display.rows));
    let is_empty = memo(move || {
        model.display.with(|display| display.known && display.slots.is_empty() && display.base == 0)
    });
    view! {
        <NewerRows model/>
        <div
            class="list"
            node_ref=model.viewport
            tabindex="0"
            role="table"
            aria-label="Jobs"
            aria-rowcount=move || rows.get().to_string()
            on:scroll=move |event| {
                let list: web_sys::Element = event_target(&event);
                model.scrolled(f64::from(list.scroll_top()));
            }
        >
            <div
                class="rows"
                role="rowgroup"
                style:height=height
                on:pointerenter=move |event| model.pointing.set(event.pointer_type() == "mouse")
                on:pointerleave=move |_| model.pointing.set(false)
                on:focusin=move |event| model.focused.set(is_focus_visible(&event))
                on:focusout=move |_| model.focused.set(false)
            >
                <For each=move || items.get() key=|item| *item let:item>
                    {match item {
                        Item::Job(id) => view! { <Row model id/> }.into_any(),
                        Item::Blank(at) => view! { <BlankRow model at/> }.into_any(),
                    }}
                </For>
            </div>
            <Show when=is_empty><EmptyList board model/></Show>
            <Trouble board model/>
        </div>
    }
}

/// The focus of somebody who works by keyboard; a click leaves one behind that nobody looks at.
fn is_focus_visible(event: &web_sys::FocusEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| target.matches(":focus-visible").unwrap_or(false))
}

/// Keeps the sizes of the viewport and of a row, whatever changes them.
fn measure(model: ListModel) {
    let read = move || {
        let Some(viewport) = model.viewport.try_get_untracked().flatten() else { return };
        model.viewport_px.set(f64::from(viewport.client_height()));
        let style = window().get_computed_style(&viewport).ok().flatten();
        let row = style.and_then(|style| style.get_property_value("--row-height").ok());
        if let Some(px) = row.map(|row| js_sys::parse_float(&row)).filter(|px| px.is_finite()) {
            model.row_px.set(px);
        }
    };
    let resized = Closure::<dyn Fn()>::new(read);
    let observer = web_sys::ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
    let observer = StoredValue::new_local((observer, resized));
    effect(move || {
        if let Some(viewport) = model.viewport.get() {
            observer.with_value(|(observer, _)| {
                if let Some(observer) = observer {
                    observer.observe(&viewport);
                }
            });
            read();
        }
    });
    on_cleanup(move || {
        observer.try_with_value(|(observer, _)| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
}

/// `12 new, show`
#[component]
fn NewerRows(model: ListModel) -> impl IntoView {
    let newer = memo(move || model.display.with(|display| display.newer));
    view! {
        <div class="newer-slot">
            <Show when=move || newer.get() != 0>
                <button class="newer" on:click=move |_| model.show_top()>
                    {move || format!("{} new, show", format::count(newer.get()))}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn BlankRow(model: ListModel, at: u64) -> impl IntoView {
    let top = move || model.moved_to(at);
    view! { <div class="row blank" aria-hidden="true" style:transform=top><span></span></div> }
}

/// Why there is nothing to see, when that is not because there is nothing.
#[component]
fn Trouble(board: Board, model: ListModel) -> impl IntoView {
    let waiting = memo(move || {
        !model.display.with(|display| display.known)
            && !board.connection.status.with(|status| status.is_live())
    });
    view! {
        {move || model.refused.get().map(|error| view! { <p class="note error list-note">{format::sentence(&error.message)}</p> })}
        {move || waiting.get().then(|| view! {
            <p class="faint list-note">"The jobs show as soon as the server answers."</p>
        })}
    }
}

/// Listens for a window event for as long as the caller's owner lives.
pub fn on_window<E>(event: E, handler: impl Fn(E::EventType) + 'static)
where
    E: ev::EventDescriptor + 'static,
    E::EventType: JsCast,
{
    let handle = window_event_listener(event, handler);
    on_cleanup(move || handle.remove());
}
