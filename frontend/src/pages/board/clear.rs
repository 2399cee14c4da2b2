//! Clearing finished jobs cannot be undone, so it is confirmed by a dialog that names their number.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::{Command, Reply};

use super::page::Address;
use crate::board::{Board, Note, Overlay};
use crate::components::dialog::Dialog;
use crate::components::notes::NoteLine;
use crate::format;
use crate::reactive::memo;

#[component]
pub fn ClearDialog(board: Board, address: Address) -> impl IntoView {
    view! {
        <Dialog board overlay=Overlay::ClearFinished label="Clear finished" class="narrow">
            <ClearBody board address/>
        </Dialog>
    }
}

#[component]
fn ClearBody(board: Board, address: Address) -> impl IntoView {
    let queue = address.read.get_untracked().filter.queue;
    let place =
        queue.as_ref().map_or_else(|| "of every queue".to_owned(), |queue| format!("of queue {queue}"));
    let number = {
        let queue = queue.clone();
        memo(move || {
            board.queues.with(|queues| match &queue {
                Some(name) => queues.get(name).map_or(0, |queue| queue.counts.finished()),
                None => queues.totals().finished(),
            })
        })
    };
    let note = RwSignal::new(None::<Note>);
    let clear = move |_| {
        let queue = queue.clone();
        spawn_local(async move {
            let outcome = board.connection.command(Command::ClearFinished { queue }).await;
            let cleared = matches!(outcome, Ok(Reply::FinishedCleared { .. }));
            let told = board.told(outcome);
            if cleared {
                board.overlay.set(Overlay::Nothing);
                board.refreshed.update(|times| *times += 1);
                board.toast(told);
            } else {
                note.set(Some(told));
            }
        });
    };
    view! {
        <h2>{move || format!("Delete {}?", format::jobs(number.get()))}</h2>
        <p>
            {format!("Every completed, failed and cancelled job {place} is deleted, with its results and files. ")}
            "This cannot be undone. Pending and running jobs stay."
        </p>
        <NoteLine note/>
        <div class="dialog-actions">
            <button on:click=move |_| board.overlay.set(Overlay::Nothing)>"Keep them"</button>
            <button class="danger" disabled=move || number.get() == 0 on:click=clear>
                {move || format!("Delete {}", format::jobs(number.get()))}
            </button>
        </div>
    }
}
