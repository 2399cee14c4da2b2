//! The timeline: each attempt with its times, its outcome, its error, and the way to its log.

use leptos::prelude::*;
use taskyard_shared::job::{Attempt, AttemptOutcome, JobState};

use super::log::LogModel;
use crate::board::Board;
use crate::components::icons;
use crate::components::time;
use crate::reactive::{Show, memo};

#[component]
pub fn Attempts(board: Board, log: LogModel, attempts: Memo<Vec<Attempt>>) -> impl IntoView {
    view! {
        <section aria-labelledby="attempts-title">
            <h2 id="attempts-title">"Attempts"</h2>
            <Show when=move || attempts.with(Vec::is_empty)>
                <p class="faint">"None yet."</p>
            </Show>
            <ol class="attempts" reversed>
                {move || attempts.get().into_iter().rev().map(|attempt| attempt_view(board, log, attempt)).collect_view()}
            </ol>
        </section>
    }
}

fn attempt_view(board: Board, log: LogModel, attempt: Attempt) -> impl IntoView {
    let word = attempt.outcome.map_or("running", AttemptOutcome::as_str);
    // The state whose shape and colour the outcome shares.
    let like = match attempt.outcome {
        None => JobState::Processing,
        Some(AttemptOutcome::Completed) => JobState::Completed,
        Some(AttemptOutcome::Failed) => JobState::Failed,
        Some(AttemptOutcome::Cancelled | AttemptOutcome::Lost) => JobState::Cancelled,
        Some(AttemptOutcome::Snoozed) => JobState::Scheduled,
    };
    let (started, ended) = (attempt.started_at_ms, attempt.ended_at_ms);
    let now = board.clock.get_untracked();
    let took = move || time::span(started, ended, if ended.is_some() { 0 } else { board.clock.get() });
    view! {
        <li data-attempt=attempt.number.to_string() data-outcome=word>
            <span class="attempt-number">{format!("Attempt {}", attempt.number)}</span>
            <span class="badge" data-state=like.as_str()>{icons::state(like)} <span>{word}</span></span>
            <span><time title=time::exact(started)>{time::clock(started, now)}</time>
                {ended.map(|ended| view! { " – " <time title=time::exact(ended)>{time::clock(ended, now)}</time> })}
            </span>
            <span class="faint">{took}</span>
            <LogButton log number=attempt.number/>
            {attempt.error.map(|error| view! { <p class="error-text attempt-error">{error}</p> })}
            {(attempt.outcome == Some(AttemptOutcome::Lost)).then(|| view! {
                <p class="faint attempt-error">"The process that ran it ended before the work did."</p>
            })}
            {(attempt.outcome == Some(AttemptOutcome::Snoozed)).then(|| view! {
                <p class="faint attempt-error">"The work asked to be run again later; this counts as no failure."</p>
            })}
        </li>
    }
}

/// Only where there is something to read.
#[component]
fn LogButton(log: LogModel, number: u32) -> impl IntoView {
    let has_lines = memo(move || log.log.with(|log| log.has(number)));
    view! {
        <Show when=has_lines>
            <button class="quiet small" aria-label=format!("Log of attempt {number}") on:click=move |_| log.show(number)>
                "Log"
            </button>
        </Show>
    }
}
