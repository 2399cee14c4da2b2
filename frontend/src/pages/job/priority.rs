//! The priority of a job that has not begun: by steps, or typed.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::Command;
use taskyard_shared::job::JobId;
use taskyard_shared::limits::MAX_PRIORITY;

use crate::board::{Board, Note};

#[component]
pub fn Priority(board: Board, id: JobId, priority: Memo<i16>) -> impl IntoView {
    let step = move |by: i16| set(board, id, priority.get_untracked().saturating_add(by));
    let typed = move |event| {
        let text = event_target_value(&event);
        match text.trim().parse() {
            Ok(number) => set(board, id, number),
            Err(_) => refuse(board, id),
        }
        // It shows what the server says.
        let input: web_sys::HtmlInputElement = event_target(&event);
        input.set_value(&priority.get_untracked().to_string());
    };
    view! {
        <span class="job-priority">
            <label for="priority">"Priority"</label>
            <span class="stepper" title="Higher runs first">
                <button class="quiet" aria-label="Lower the priority" disabled={move || priority.get() <= -MAX_PRIORITY}
                    on:click=move |_| step(-1)>"−"</button>
                <input id="priority" type="text" inputmode="numeric" autocomplete="off"
                    prop:value=move || priority.get().to_string() on:change=typed/>
                <button class="quiet" aria-label="Raise the priority" disabled={move || priority.get() >= MAX_PRIORITY}
                    on:click=move |_| step(1)>"+"</button>
            </span>
        </span>
    }
}

fn refuse(board: Board, id: JobId) {
    let sentence = format!("A priority is a whole number from -{MAX_PRIORITY} to {MAX_PRIORITY}.");
    board.note(id, Note::error(sentence));
}

fn set(board: Board, id: JobId, priority: i16) {
    if !(-MAX_PRIORITY..=MAX_PRIORITY).contains(&priority) {
        return refuse(board, id);
    }
    spawn_local(async move {
        let outcome = board.connection.command(Command::SetPriority { id, priority }).await;
        board.note(id, board.told(outcome));
    });
}
