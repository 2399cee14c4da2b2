//! Everything that can be set of one queue.

use std::rc::Rc;

use leptos::prelude::*;
use taskyard_shared::command::Command;

use super::command_form::{CommandForm, MakeCommand};
use super::dialog::Dialog;
use crate::board::{Board, Overlay};
use crate::state::queue_settings::{change, fields, present};

#[component]
pub fn QueueSettings(board: Board) -> impl IntoView {
    view! {
        <Dialog board overlay=Overlay::QueueSettings label="Queue settings" class="narrow">
            {body(board)}
        </Dialog>
    }
}

/// Opens the settings of a queue, on whatever page.
pub fn open(board: Board, queue: String) {
    board.settings_of.set(queue);
    board.overlay.set(Overlay::QueueSettings);
}

fn body(board: Board) -> AnyView {
    let name = board.settings_of.get_untracked();
    let Some(before) = board.queues.with_untracked(|queues| queues.get(&name).cloned()) else {
        return view! { <p>{format!("There is no queue {name}.")}</p> }.into_any();
    };
    let form = CommandForm::new(board, fields(), Some(&present(&before)));
    let make: MakeCommand = Rc::new(move |value| {
        Ok(Command::ConfigureQueue { queue: before.name.clone(), change: change(&before, value) })
    });
    let leave = Rc::new(move || board.overlay.set(Overlay::Nothing));
    view! {
        <h2>{format!("Settings of queue {name}")}</h2>
        {form.view("Save", form.view_fields(fields()), make, leave)}
    }
    .into_any()
}
