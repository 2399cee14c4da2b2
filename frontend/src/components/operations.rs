//! Below every page: the operations on many jobs that are under way, in all tabs alike, with the time in which
//! they may still be undone.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::Command;
use taskyard_shared::limits::DEFAULT_UNDO_MS;
use taskyard_shared::operation::{BulkAction, NewOperation, Operation, OperationId, OperationState};
use taskyard_shared::view::JobFilter;

use super::keys::is_taken;
use super::progress::ProgressBar;
use crate::board::{Board, Note, Overlay};
use crate::reactive::{effect, memo};
use crate::state::operations::{progress, sentence, undo_seconds};

#[component]
pub fn OperationStrip(board: Board) -> impl IntoView {
    effect(move || {
        let now = board.clock.get();
        board.yard.with(|yard| {
            if yard.known {
                board.strip.update(|strip| strip.update(&yard.lists.operations, now));
            }
        });
    });
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "u" && !is_taken(&event) {
            undo_latest(board);
        }
    });
    on_cleanup(move || shortcut.remove());
    let ids =
        memo(move || board.strip.with(|strip| strip.shown.iter().map(|shown| shown.id).collect::<Vec<_>>()));
    view! {
        <ul class="operations" aria-label="Operations on many jobs">
            <For each=move || ids.get() key=|id| *id let:id>{one(board, id)}</For>
        </ul>
    }
}

fn one(board: Board, id: OperationId) -> AnyView {
    let operation = Memo::new(move |before: Option<&Option<Operation>>| {
        let listed = board.yard.with(|yard| yard.lists.operations.iter().find(|one| one.id == id).cloned());
        // It is let go of a moment after the list has lost it.
        listed.or_else(|| before.cloned().flatten())
    });
    let state = memo(move || operation.with(|one| one.as_ref().map(|one| one.state)));
    // Said aloud when it begins to wait, when it is done or undone; not at every step.
    effect(move || {
        let words = operation.with_untracked(|one| one.as_ref().map(sentence)).unwrap_or_default();
        match state.get() {
            Some(OperationState::Waiting) => board.announce(format!("{words}. Press u to undo it.")),
            Some(OperationState::Done | OperationState::Undone) => board.announce(words),
            Some(OperationState::Running) | None => {}
        }
    });
    let words = move || operation.with(|one| one.as_ref().map(sentence));
    let thousandths = memo(move || operation.with(|one| one.as_ref().map_or(0, progress)));
    let seconds = memo(move || {
        let now = board.clock.get();
        operation.with(|one| one.as_ref().map_or(0, |one| undo_seconds(one, now)))
    });
    view! {
        <li class="operation" data-operation=id.to_string()>
            <span>{words}</span>
            {move || match state.get() {
                Some(OperationState::Waiting) => view! {
                    <button on:click=move |_| undo(board, id)>{move || format!("Undo ({} s)", seconds.get())}</button>
                }.into_any(),
                Some(OperationState::Running) => {
                    view! { <ProgressBar thousandths label=format!("Progress of operation {id}")/> }.into_any()
                }
                _ => ().into_any(),
            }}
        </li>
    }
    .into_any()
}

/// Asks for something to be done to all jobs that match, from a dialog or a page. Where it was given, only a
/// refusal is told: the rest shows below every page.
pub fn start_operation(board: Board, note: RwSignal<Option<Note>>, action: BulkAction, filter: JobFilter) {
    let operation = NewOperation { action, filter, undo_ms: DEFAULT_UNDO_MS };
    spawn_local(async move {
        let told = board.told(board.connection.command(Command::StartOperation { operation }).await);
        if told.is_error {
            let _shown = note.try_set(Some(told));
        } else {
            let _cleared = note.try_set(None);
            board.overlay.set(Overlay::Nothing);
        }
    });
}

/// That it is undone shows in the strip; why it could not be is said aside.
fn undo(board: Board, id: OperationId) {
    spawn_local(async move {
        let told = board.told(board.connection.command(Command::UndoOperation { id }).await);
        if told.is_error {
            board.toast(told);
        }
    });
}

/// Takes back what was asked for last, if it still waits.
fn undo_latest(board: Board) {
    let waiting = board.yard.with_untracked(|yard| {
        let waits = |one: &&Operation| one.state == OperationState::Waiting;
        yard.lists.operations.iter().find(waits).map(|one| one.id)
    });
    match waiting {
        Some(id) => undo(board, id),
        None => board.toast(Note::done("There is nothing to undo.")),
    }
}
