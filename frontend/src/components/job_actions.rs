//! Cancel, retry and run now, as far as the job's state allows.

use leptos::prelude::*;
use taskyard_shared::job::{JobId, JobState};

use super::icons;
use crate::board::Board;
use crate::reactive::{Show, memo};

#[component]
pub fn JobActions(board: Board, id: JobId, #[prop(into)] state: Signal<JobState>) -> impl IntoView {
    let can_cancel = memo(move || state.get().may_become(JobState::Cancelled));
    let can_retry = memo(move || matches!(state.get(), JobState::Failed | JobState::Cancelled));
    let can_hurry = memo(move || state.get() == JobState::Scheduled);
    view! {
        <Show when=can_cancel>
            <button
                class="quiet small"
                aria-label=format!("Cancel job {id}")
                title="Cancel (c)"
                on:click=move |_| board.cancel(id)
            >
                {icons::icon(icons::CLOSE)} <span class="word">"Cancel"</span>
            </button>
        </Show>
        <Show when=can_hurry>
            <button
                class="quiet small"
                aria-label=format!("Run job {id} now")
                title="Run now (r)"
                on:click=move |_| board.retry(id)
            >
                {icons::icon(icons::PLAY)} <span class="word">"Run now"</span>
            </button>
        </Show>
        <Show when=can_retry>
            <button
                class="quiet small"
                aria-label=format!("Retry job {id}")
                title="Retry (r)"
                on:click=move |_| board.retry(id)
            >
                {icons::icon(icons::RETRY)} <span class="word">"Retry"</span>
            </button>
        </Show>
    }
}
