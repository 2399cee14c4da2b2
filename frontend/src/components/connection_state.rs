//! Whether what the page shows is true right now, and since when it is not.

use leptos::prelude::*;

use super::time;
use crate::board::Board;
use crate::connection::status::{Retry, Status};
use crate::reactive::{effect, memo};

#[component]
pub fn ConnectionState(board: Board) -> impl IntoView {
    let status = board.connection.status;
    let word = memo(move || status.with(|status| status.word(board.clock.get())));
    effect(move || {
        if let Some(root) = document().document_element() {
            let _set = root.set_attribute("data-connection", word.get());
        }
    });
    // Said aloud only when the word changes, not at every second of the countdown.
    let spoken = memo(move || match word.get() {
        "live" => "Live: what is shown is current.",
        "stale" => "Connection lost: what is shown may be out of date.",
        _ => "Reconnecting.",
    });
    view! {
        <div class="connection" data-connection=word>
            <span class="dot" aria-hidden="true"></span>
            <span class="connection-words">{move || status.with(|status| status.sentence(board.clock.get()))}</span>
            {move || details(board, word.get() == "stale")}
            <span class="visually-hidden" role="status">{spoken}</span>
        </div>
    }
}

fn details(board: Board, stale: bool) -> Option<impl IntoView> {
    let (since, can_try) = match board.connection.status.get() {
        Status::Lost { since_ms, retry } => (since_ms, matches!(retry, Retry::At { .. })),
        Status::Outdated(sentence) => {
            let reload = move |_| {
                let _reloading = window().location().reload();
            };
            let view = view! {
                <span>{sentence}</span>
                <button class="small" on:click=reload>"Reload"</button>
            };
            return Some(view.into_any());
        }
        Status::Live | Status::Connecting => return None,
    };
    let view = view! {
        {stale.then(|| view! {
            <span class="stale-since">
                {format!("stale since {}", time::clock(since, board.clock.get_untracked()))}
            </span>
        })}
        {can_try.then(|| view! {
            <button class="small" on:click=move |_| board.connection.try_now()>"Try now"</button>
        })}
    };
    Some(view.into_any())
}
