//! Finds the job that the address names and keeps what is shown of it current: its row by a live view,
//! the rest asked for again whenever the row says that it changed.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::{JobDetail, JobId, JobSummary};
use taskyard_shared::view::{
    JobFilter, JobsQuery, SortOrder, ViewDelta, ViewQuery, ViewSnapshot, WindowStart,
};

use super::detail::Detail;
use crate::board::Board;
use crate::connection::exchange::{Failure, ViewUpdate};
use crate::connection::watch;
use crate::reactive::{Show, effect, memo};

/// What the page has of its job.
#[derive(Clone, Debug, PartialEq)]
enum Found {
    Asking,
    Job(Box<JobDetail>),
    Nothing(String),
    Failed(String),
}

#[component]
pub fn JobPage() -> impl IntoView {
    let board = expect_context::<Board>();
    let params = use_params_map();
    let id = memo(move || params.with(|params| params.get("id")).and_then(|id| id.parse::<u64>().ok()));
    view! {
        <article class="plain-page job-page">
            <p class="crumb"><A href="/">"Board"</A></p>
            {move || match id.get() {
                Some(id) => view! { <OneJob board id=JobId(id)/> }.into_any(),
                None => view! { <NotFound sentence="This address names no job.".to_owned()/> }.into_any(),
            }}
        </article>
    }
}

#[component]
fn OneJob(board: Board, id: JobId) -> impl IntoView {
    let found = RwSignal::new(Found::Asking);
    let row = watch_row(board, id);
    // Whatever the details depend on: state, attempt, run time, and whether the job exists at all.
    let turn = memo(move || {
        row.with(|row| row.as_ref().map(|row| (row.state, row.attempt, row.finished_at_ms, row.run_at_ms)))
    });
    let stale = RwSignal::new(0);
    effect(move || {
        turn.track();
        stale.track();
        if board.connection.status.get().is_live() {
            spawn_local(ask(board, id, found));
        }
    });
    let is_there = memo(move || matches!(found.get(), Found::Job(_)));
    let detail = memo(move || match found.get() {
        Found::Job(detail) => Some(*detail),
        _ => None,
    });
    let current = memo(move || newest(row.get(), detail.get().map(|detail| detail.job)));
    view! {
        <Show when=is_there>
            <Detail board id detail current stale/>
        </Show>
        {move || match found.get() {
            Found::Job(_) => ().into_any(),
            Found::Asking => view! { <p class="faint">"Asking for this job…"</p> }.into_any(),
            Found::Nothing(sentence) => view! { <NotFound sentence/> }.into_any(),
            Found::Failed(sentence) => view! { <p class="note error">{sentence}</p> }.into_any(),
        }}
    }
}

/// The live row, while there is one, else what the details say.
fn newest(row: Option<JobSummary>, detail: Option<JobSummary>) -> Option<JobSummary> {
    row.or(detail)
}

fn watch_row(board: Board, id: JobId) -> RwSignal<Option<JobSummary>> {
    let row = RwSignal::new(None::<JobSummary>);
    let filter = JobFilter { text: format!("#{id}"), ..JobFilter::default() };
    let query = JobsQuery { filter, sort: SortOrder::Newest, start: WindowStart::Top, limit: 1 };
    let query = memo(move || Some(ViewQuery::Jobs { query: query.clone() }));
    watch(board.connection, query, move |update| match update {
        ViewUpdate::Snapshot(ViewSnapshot::Jobs { window }) => row.set(window.rows.into_iter().next()),
        ViewUpdate::Delta(ViewDelta::Jobs { changes }) => row.update(|row| {
            if changes.removed.contains(&id) {
                *row = None;
            }
            if let Some(changed) = changes.changed.into_iter().find(|changed| changed.id == id) {
                *row = Some(changed);
            }
            for (of, progress) in changes.progress {
                if let Some(row) = row.as_mut().filter(|row| row.id == of) {
                    row.progress = progress;
                }
            }
        }),
        _ => {}
    });
    row
}

async fn ask(board: Board, id: JobId, found: RwSignal<Found>) {
    let answer = match board.connection.command(Command::ShowJob { id }).await {
        Ok(Reply::Job { detail }) => Found::Job(detail),
        Err(Failure::Refused(error)) if error.code == ErrorCode::NotFound => {
            Found::Nothing(crate::format::sentence(&error.message))
        }
        Ok(_) => return,
        // The connection was lost meanwhile: what is shown stays, and is asked for again.
        Err(Failure::Offline | Failure::OutcomeUnknown) => return,
        Err(failure) => Found::Failed(failure.sentence()),
    };
    let _shown = found.try_set(answer);
}

#[component]
fn NotFound(sentence: String) -> impl IntoView {
    view! {
        <section class="missing">
            <h1>"There is no such job"</h1>
            <p>{sentence}</p>
            <p class="faint">"It may have been cleared: finished jobs can be deleted by anybody on the board."</p>
            <p><A href="/">"See all jobs"</A></p>
        </section>
    }
}
