//! A modal dialog: the browser's own, so that focus stays inside and Escape closes it.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::board::{Board, Overlay};
use crate::reactive::{Show, effect, memo};

/// Shown while the board's overlay is `overlay`. Its content is made anew each time.
#[component]
pub fn Dialog(
    board: Board,
    overlay: Overlay,
    label: &'static str,
    #[prop(optional)] class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let open = memo(move || board.overlay.get() == overlay);
    effect(move || {
        let Some(dialog) = node.get() else { return };
        if open.get() && !dialog.open() {
            let _shown = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let closed = move |_| {
        if board.overlay.get_untracked() == overlay {
            board.overlay.set(Overlay::Nothing);
        }
    };
    let clicked = move |event: web_sys::MouseEvent| {
        // A click on the dialog itself, not on something in it, is one beside it.
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let on_dialog = target.is_some_and(|target| {
            node.get_untracked().is_some_and(|dialog| dialog.is_same_node(Some(&target)))
        });
        if on_dialog {
            board.overlay.set(Overlay::Nothing);
        }
    };
    let children = StoredValue::new(children);
    view! {
        <dialog node_ref=node class=class aria-label=label on:close=closed on:click=clicked>
            <Show when=open>
                <div class="dialog-body">{children.with_value(|children| children())}</div>
            </Show>
        </dialog>
    }
}
