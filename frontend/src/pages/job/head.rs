//! The job's name, its state, what it belongs to, and what can be done with it.

use leptos::prelude::*;
use taskyard_shared::batch::BatchId;
use taskyard_shared::job::{JobId, JobState, JobSummary};

use super::priority::Priority;
use crate::board::{Board, Overlay};
use crate::components::badge::Badge;
use crate::components::icons;
use crate::components::job_actions::JobActions;
use crate::components::keys::is_taken;
use crate::components::notes::NoteLine;
use crate::components::progress::ProgressBar;
use crate::components::time::{Instant, upcoming};
use crate::components::title::name_page;
use crate::reactive::{Show, memo};
use crate::state::address::percent_encode;
use crate::state::life;

#[component]
pub fn Head(
    board: Board,
    id: JobId,
    current: Memo<Option<JobSummary>>,
    state: Memo<JobState>,
) -> impl IntoView {
    let fixed = untrack(|| current.get());
    let Some(fixed) = fixed else { return ().into_any() };
    let thousandths =
        memo(move || current.with(|job| job.as_ref().map_or(0, |job| job.progress.thousandths())));
    let note = Signal::derive(move || board.note_of(id));
    name_page(move || format!("#{id} {}", state.get()));
    listen(board, id, state);
    let queue_href = format!("/?queue={}", percent_encode(&fixed.queue));
    view! {
        <header class="job-head" data-job-id=id.to_string() data-state=move || state.get().as_str()>
            <h1><span class="job-number">{format!("#{id}")}</span> " " {fixed.name.clone()}</h1>
            <div class="job-facts">
                <Badge state/>
                <span>{fixed.kind.clone()} {(!fixed.detail.is_empty()).then(|| format!(" · {}", fixed.detail))}</span>
                <span class="faint">"queue " <a href=queue_href>{fixed.queue.clone()}</a></span>
                {fixed.batch.map(batch_link)}
                <span class="faint">"added " <Instant epoch_ms=fixed.created_at_ms now=board.clock/></span>
                <Changing board id current/>
                <span class="push job-actions">
                    <JobActions board id state/>
                    <Show when=move || state.get().is_finished()>
                        <DeleteButton board id/>
                    </Show>
                </span>
            </div>
            <Show when=move || state.get() == JobState::Processing>
                <div class="job-progress">
                    <ProgressBar thousandths label=format!("Progress of job {id}")/>
                    <span class="percent">{move || format!("{} %", thousandths.get() / 10)}</span>
                </div>
            </Show>
            <NoteLine note/>
        </header>
    }
    .into_any()
}

fn batch_link(batch: BatchId) -> impl IntoView {
    view! { <span class="faint">"batch " <a href=format!("batches/{batch}")>{batch.to_string()}</a></span> }
}

/// What changes while the job lives: when it runs, how often it was tried, and its priority.
#[component]
fn Changing(board: Board, id: JobId, current: Memo<Option<JobSummary>>) -> impl IntoView {
    let run_at = memo(move || {
        current.with(|job| job.as_ref().filter(|job| job.state.is_first()).and_then(|job| job.run_at_ms))
    });
    let attempts = memo(move || current.with(|job| job.as_ref().and_then(life::attempts)));
    let priority = memo(move || current.with(|job| job.as_ref().map_or(0, |job| job.priority)));
    let can_change = memo(move || current.with(|job| job.as_ref().is_some_and(|job| job.state.is_first())));
    let fixed_priority = move || priority.get() != 0 && !can_change.get();
    view! {
        {move || run_at.get().map(|at| view! { <span>"not before " {upcoming(board, at)}</span> })}
        {move || attempts.get().map(|attempts| view! { <span>{attempts}</span> })}
        <Show when=fixed_priority>
            <span class="priority">{move || format!("priority {}", priority.get())}</span>
        </Show>
        <Show when=can_change>
            <Priority board id priority/>
        </Show>
    }
}

/// `c` and `r`, as in the list.
fn listen(board: Board, id: JobId, state: Memo<JobState>) {
    let pressed = window_event_listener(leptos::ev::keydown, move |event| {
        if is_taken(&event) {
            return;
        }
        let state = state.get_untracked();
        match event.key().as_str() {
            "c" if state.may_become(JobState::Cancelled) => board.cancel(id),
            "r" if may_retry(state) => board.retry(id),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || pressed.remove());
}

fn may_retry(state: JobState) -> bool {
    matches!(state, JobState::Failed | JobState::Cancelled | JobState::Scheduled)
}

#[component]
fn DeleteButton(board: Board, id: JobId) -> impl IntoView {
    view! {
        <button
            class="quiet small"
            aria-label=format!("Delete job {id}")
            on:click=move |_| board.overlay.set(Overlay::DeleteJob)
        >
            {icons::icon(icons::DELETE)} <span class="word">"Delete"</span>
        </button>
    }
}
