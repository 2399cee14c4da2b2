//! What can be done with several jobs at once.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::Command;

use super::list_model::ListModel;
use crate::board::{Board, Note};
use crate::format;
use crate::reactive::{Show, effect, memo};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    Cancel,
    Retry,
}

#[component]
pub fn SelectionBar(board: Board, model: ListModel) -> impl IntoView {
    let number = memo(move || model.selected.with(|selected| selected.len() as u64));
    effect(move || {
        if number.get() > 0 {
            board.announce(format!("{} selected.", format::jobs(number.get())));
        }
    });
    view! {
        <Show when=move || number.get() != 0>
            <div class="selection" role="toolbar" aria-label="Selected jobs">
                <strong>{move || format!("{} selected", format::count(number.get()))}</strong>
                <button class="small" on:click=move |_| run_bulk(model, Bulk::Cancel)>"Cancel selected"</button>
                <button class="small" on:click=move |_| run_bulk(model, Bulk::Retry)>"Retry selected"</button>
                <button class="quiet small" on:click=move |_| model.selected.set(Default::default())>
                    "Clear selection"
                </button>
            </div>
        </Show>
    }
}

/// One command for each selected job; what was refused stays selected, with the reason at its row.
pub fn run_bulk(model: ListModel, bulk: Bulk) {
    let ids = model.selected.get_untracked();
    spawn_local(async move {
        let mut done = 0;
        let mut refused = None;
        for &id in &ids {
            let command = match bulk {
                Bulk::Cancel => Command::CancelJob { id },
                Bulk::Retry => Command::RetryJob { id },
            };
            let note = model.board.told(model.board.connection.command(command).await);
            if note.is_error {
                refused.get_or_insert_with(|| note.text.clone());
                model.board.note(id, note);
            } else {
                done += 1;
                model.selected.update(|selected| selected.retain(|other| *other != id));
            }
        }
        let word = if bulk == Bulk::Cancel { "cancelled" } else { "to run again" };
        let left = ids.len() as u64 - done;
        model.board.toast(match refused {
            None => Note::done(format!("{} {word}.", format::jobs(done))),
            Some(reason) => Note::error(format!("{} {word}, {left} not: {reason}", format::jobs(done))),
        });
    });
}
