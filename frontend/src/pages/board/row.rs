//! One job in the list. What a job never changes is drawn once; the rest follows its signals.

use leptos::prelude::*;
use taskyard_shared::job::{JobId, JobState, JobSummary};

use super::list_model::ListModel;
use crate::board::Board;
use crate::components::badge::Badge;
use crate::components::job_actions::JobActions;
use crate::components::progress::ProgressBar;
use crate::components::time;
use crate::reactive::{Show, memo};
use crate::state::life::{self, Tone};

#[component]
pub fn Row(model: ListModel, id: JobId) -> impl IntoView {
    let slot = memo(move || model.display.with(|display| display.find(id).map(|(_, slot)| slot.clone())));
    let index = memo(move || model.display.with(|display| display.find(id).map_or(0, |(index, _)| index)));
    // A row that is about to be taken away may be asked once more.
    let first = untrack(|| slot.get());
    let Some(first) = first else { return ().into_any() };
    let job = Memo::new(move |last: Option<&JobSummary>| {
        slot.get().map(|slot| slot.job).unwrap_or_else(|| last.cloned().unwrap_or_else(|| first.job.clone()))
    });
    let gone = memo(move || slot.with(|slot| slot.as_ref().is_some_and(|slot| slot.gone)));
    let state = memo(move || job.with(|job| job.state));
    let top = move || model.moved_to(index.get());
    let current = memo(move || model.current() == Some(id));
    let selected = memo(move || model.selected.with(|selected| selected.contains(&id)));
    let fixed = untrack(|| job.get());
    view! {
        <div
            class="row"
            class:gone=gone
            class:current=current
            class:selected=selected
            role="row"
            tabindex=move || if current.get() { "0" } else { "-1" }
            aria-rowindex=move || (index.get() + 1).to_string()
            data-job-id=move || (!gone.get()).then(|| id.to_string())
            data-state=move || (!gone.get()).then(|| state.get().as_str())
            style:transform=top
        >
            <span role="cell" class="cell-select">
                <input
                    type="checkbox"
                    aria-label=format!("Select job {id}")
                    prop:checked=selected
                    on:change=move |_| model.toggle_selected(id)
                />
            </span>
            <span role="cell" class="cell-state"><Badge state/></span>
            <span role="cell" class="cell-name">
                <a class="row-name" href=format!("jobs/{id}")>
                    <span class="job-number">{format!("#{id}")}</span>
                    {format!(" {}", fixed.name)}
                </a>
                <Subline board=model.board id job gone/>
            </span>
            <Times board=model.board id job/>
            <span role="cell" class="cell-actions">
                <Show when=move || !gone.get()><JobActions board=model.board id state/></Show>
            </span>
        </div>
    }
    .into_any()
}

/// Under the name: the outcome of a command on this job, its error, or a few words about it.
#[component]
fn Subline(board: Board, id: JobId, job: Memo<JobSummary>, gone: Memo<bool>) -> impl IntoView {
    let line = memo(move || {
        if gone.get() {
            return ("faint", "not in this list any more".to_owned());
        }
        if let Some(note) = board.note_of(id) {
            return (if note.is_error { "note error" } else { "note" }, note.text);
        }
        let (tone, text) = job.with(life::subline);
        (if tone == Tone::Error { "error-text" } else { "faint" }, text)
    });
    let priority = memo(move || job.with(life::priority));
    let (kind, queue) = job.with_untracked(|job| (job.kind.clone(), job.queue.clone()));
    let place = if kind == queue { kind } else { format!("{kind} in {queue}") };
    view! {
        <span class="subline" title=move || line.with(|line| line.1.clone())>
            {move || priority.get().map(|priority| view! { <span class="priority">{priority}</span> " · " })}
            <span class="faint">{place}</span>
            <span class=move || line.with(|line| line.0)>
                {move || line.with(|line| if line.1.is_empty() { String::new() } else { format!(" · {}", line.1) })}
            </span>
        </span>
    }
}

/// Before it runs when it will; progress and running time while it runs; afterwards how long it took, and when.
#[component]
fn Times(board: Board, id: JobId, job: Memo<JobSummary>) -> impl IntoView {
    let running = memo(move || job.with(|job| job.state == JobState::Processing));
    let thousandths = memo(move || job.with(|job| job.progress.thousandths()));
    let exact = memo(move || {
        job.with(|job| {
            let mut lines = vec![format!("added {}", time::exact(job.created_at_ms))];
            lines.extend(job.run_at_ms.map(|at| format!("not before {}", time::exact(at))));
            lines.extend(job.started_at_ms.map(|at| format!("started {}", time::exact(at))));
            lines.extend(job.finished_at_ms.map(|at| format!("ended {}", time::exact(at))));
            lines.join("\n")
        })
    });
    let when = memo(move || {
        let now = board.clock.get_untracked();
        job.with(|job| match (job.started_at_ms, job.finished_at_ms, job.run_at_ms) {
            (Some(started), Some(ended), _) => {
                time::stamp(started).until(&time::stamp(ended), &time::stamp(now))
            }
            (None, Some(ended), _) => format!("ended {}", time::clock(ended, now)),
            (Some(started), None, _) if job.state == JobState::Processing => {
                format!("since {}", time::clock(started, now))
            }
            (_, None, Some(at)) => format!("not before {}", time::clock(at, now)),
            _ => format!("added {}", time::clock(job.created_at_ms, now)),
        })
    });
    let took = memo(move || {
        let (started, ended) = job.with(|job| (job.started_at_ms, job.finished_at_ms));
        let to_come = job.with(|job| job.state.is_first());
        match started {
            _ if to_come => job.with(|job| life::not_yet(job, board.clock.get())),
            Some(started) => {
                let now = if running.get() { board.clock.get() } else { 0 };
                time::span(started, if running.get() { None } else { ended.or(Some(started)) }, now)
            }
            _ => String::new(),
        }
    });
    view! {
        <span role="cell" class="cell-progress">
            <Show when=running>
                <ProgressBar thousandths label=format!("Progress of job {id}")/>
                <span class="percent">{move || format!("{} %", thousandths.get() / 10)}</span>
            </Show>
        </span>
        <span role="cell" class="cell-times" title=exact>
            <span class="took">{took}</span>
            <span class="faint when">{when}</span>
        </span>
    }
}
