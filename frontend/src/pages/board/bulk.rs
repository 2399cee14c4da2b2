//! One thing done to all jobs that the list's filter lets pass, however many they are. It begins after a while
//! in which it can be undone.

use leptos::prelude::*;
use taskyard_shared::limits::{DEFAULT_UNDO_MS, MAX_PRIORITY};
use taskyard_shared::operation::BulkAction;
use taskyard_shared::view::JobFilter;

use super::list_model::ListModel;
use crate::board::{Board, Note, Overlay};
use crate::components::dialog::Dialog;
use crate::components::notes::NoteLine;
use crate::components::operations::start_operation;
use crate::format;
use crate::reactive::memo;
use crate::state::operations::{applies, filter_words, verb};

/// `For all 1,234 that match…`
pub fn bulk_button(board: Board, model: ListModel) -> AnyView {
    let words = memo(move || {
        let number = model.total().map(|total| format!(" {}", format::count(total))).unwrap_or_default();
        format!("For all{number} that match…")
    });
    view! {
        <button
            class="small"
            aria-haspopup="dialog"
            disabled=move || model.total() == Some(0)
            on:click=move |_| board.overlay.set(Overlay::Bulk)
        >
            {words}
        </button>
    }
    .into_any()
}

#[component]
pub fn BulkDialog(board: Board, model: ListModel) -> impl IntoView {
    view! {
        <Dialog board overlay=Overlay::Bulk label="For all jobs that match" class="narrow">
            {body(board, model)}
        </Dialog>
    }
}

fn body(board: Board, model: ListModel) -> AnyView {
    let filter = model.address.read.with_untracked(|address| address.filter.clone());
    let note = RwSignal::new(None::<Note>);
    let number = move || model.total().map_or_else(|| "all jobs".to_owned(), format::jobs);
    let simple = [
        (BulkAction::Cancel {}, "those that have not ended"),
        (BulkAction::Retry {}, "those that failed or were cancelled"),
        (BulkAction::Delete {}, "those that have ended, with their results and files"),
    ];
    let (words, choice) = (filter_words(&filter), filter.clone());
    let choices = simple.map(|(action, whose)| {
        let filter = choice.clone();
        view! {
            <li>
                <button
                    disabled=!applies(action, &filter.states)
                    on:click=move |_| start_operation(board, note, action, filter.clone())
                >
                    {verb(action)}
                </button>
                <span class="faint">{whose}</span>
            </li>
        }
    });
    view! {
        <h2>{move || format!("For {}", number())}</h2>
        <p>{words}</p>
        <ul class="choices">
            {choices.into_iter().collect_view()}
            {priority_choice(board, note, filter)}
        </ul>
        <p class="faint">
            {format!("It begins after {} seconds. Until then it can be undone, in every open tab.", DEFAULT_UNDO_MS / 1000)}
        </p>
        <NoteLine note/>
        <div class="dialog-actions">
            <button on:click=move |_| board.overlay.set(Overlay::Nothing)>"Leave them"</button>
        </div>
    }
    .into_any()
}

fn priority_choice(board: Board, note: RwSignal<Option<Note>>, filter: JobFilter) -> AnyView {
    let typed = RwSignal::new("0".to_owned());
    let applies = applies(BulkAction::Reprioritise { priority: 0 }, &filter.states);
    let set = move |_| match typed.with_untracked(|typed| typed.trim().parse::<i16>()) {
        Ok(priority) if priority.abs() <= MAX_PRIORITY => {
            start_operation(board, note, BulkAction::Reprioritise { priority }, filter.clone());
        }
        _ => {
            note.set(Some(Note::error(format!("A priority from -{MAX_PRIORITY} to {MAX_PRIORITY}, please."))))
        }
    };
    view! {
        <li>
            <button disabled=!applies on:click=set>"Set priority"</button>
            <input type="text" inputmode="numeric" aria-label="Priority" prop:value=typed disabled=!applies
                on:input=move |event| typed.set(event_target_value(&event))/>
            <span class="faint">"of those that have not begun; higher runs first"</span>
        </li>
    }
    .into_any()
}
