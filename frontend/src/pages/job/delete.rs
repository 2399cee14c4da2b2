//! Deleting a finished job cannot be undone, so it is confirmed by a dialog.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::job::JobId;

use crate::board::{Board, Note, Overlay};
use crate::components::dialog::Dialog;
use crate::components::notes::NoteLine;

#[component]
pub fn DeleteDialog(board: Board, id: JobId) -> impl IntoView {
    // Left by the browser's way back, it must not open at the next job.
    on_cleanup(move || {
        if board.overlay.get_untracked() == Overlay::DeleteJob {
            board.overlay.set(Overlay::Nothing);
        }
    });
    view! {
        <Dialog board overlay=Overlay::DeleteJob label="Delete the job" class="narrow">
            <DeleteBody board id/>
        </Dialog>
    }
}

#[component]
fn DeleteBody(board: Board, id: JobId) -> impl IntoView {
    let note = RwSignal::new(None::<Note>);
    let navigate = StoredValue::new_local(use_navigate());
    let delete = move |_| {
        spawn_local(async move {
            let outcome = board.connection.command(Command::DeleteJob { id }).await;
            let deleted = matches!(outcome, Ok(Reply::JobDeleted { .. }));
            let told = board.told(outcome);
            if deleted {
                board.overlay.set(Overlay::Nothing);
                board.toast(told);
                navigate.try_with_value(|navigate| navigate("/", NavigateOptions::default()));
            } else {
                let _shown = note.try_set(Some(told));
            }
        });
    };
    view! {
        <h2>{format!("Delete job {id}?")}</h2>
        <p>"It is deleted with its attempts, its log, its result and its files. This cannot be undone."</p>
        <NoteLine note/>
        <div class="dialog-actions">
            <button on:click=move |_| board.overlay.set(Overlay::Nothing)>"Keep it"</button>
            <button class="danger" on:click=delete>{format!("Delete job {id}")}</button>
        </div>
    }
}
