//! How far a batch is. Its counts are asked for again whenever one of its jobs ends, and every two seconds while
//! the page is connected.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;
use taskyard_shared::batch::{BatchId, BatchStatus};
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::ErrorCode;
use taskyard_shared::job::JobState;
use taskyard_shared::operation::BulkAction;
use taskyard_shared::view::{JobFilter, JobsQuery, SortOrder, ViewDelta, ViewQuery, WindowStart};

use crate::board::{Board, Note};
use crate::components::badge::Badge;
use crate::components::notes::NoteLine;
use crate::components::operations::start_operation;
use crate::components::time::Instant;
use crate::components::title::name_page;
use crate::connection::exchange::{Failure, ViewUpdate};
use crate::connection::watch;
use crate::format;
use crate::reactive::{effect, memo};
use crate::state::address::ListAddress;
use crate::state::life::STATES;

const ASK_EVERY_MS: i64 = 2_000;
const WATCHED_JOBS: u32 = 20;
/// However fast its jobs end.
const ASK_AT_MOST_EVERY: Duration = Duration::from_millis(300);

#[component]
pub fn BatchPage() -> impl IntoView {
    let board = expect_context::<Board>();
    let params = use_params_map();
    let id = memo(move || params.with(|params| params.get("id")).and_then(|id| id.parse::<u64>().ok()));
    view! {
        <article class="plain-page">
            <p class="crumb"><a href="./">"Board"</a></p>
            {move || match id.get() {
                Some(id) => one(board, BatchId(id)),
                None => missing("This address names no batch.".to_owned()),
            }}
        </article>
    }
}

/// A handle; copies are the same page.
#[derive(Clone, Copy)]
struct Asker {
    board: Board,
    id: BatchId,
    found: RwSignal<Option<Result<BatchStatus, String>>>,
    /// An answer is awaited, or has just come.
    busy: StoredValue<bool>,
    again: StoredValue<bool>,
}

impl Asker {
    fn start(board: Board, id: BatchId) -> Self {
        let asker = Asker {
            board,
            id,
            found: RwSignal::new(None),
            busy: StoredValue::new(false),
            again: StoredValue::new(false),
        };
        let beat = memo(move || board.clock.get() / ASK_EVERY_MS);
        effect(move || {
            beat.track();
            if board.connection.status.with(|status| status.is_live()) {
                asker.ask();
            }
        });
        let states = JobState::ALL.into_iter().filter(|state| !state.is_finished()).collect();
        let filter = JobFilter { states, batch: Some(id), ..JobFilter::default() };
        // Those that are at work, or come next: they end first.
        let query =
            JobsQuery { filter, sort: SortOrder::Oldest, start: WindowStart::Top, limit: WATCHED_JOBS };
        let query = memo(move || Some(ViewQuery::Jobs { query: query.clone() }));
        watch(board.connection, query, move |update| {
            if !is_progress_alone(&update) {
                asker.ask();
            }
        });
        asker
    }

    fn ask(self) {
        match self.busy.try_get_value() {
            None => return,
            Some(true) => return self.again.set_value(true),
            Some(false) => self.busy.set_value(true),
        }
        spawn_local(async move {
            match self.board.connection.command(Command::ShowBatch { id: self.id }).await {
                Ok(Reply::Batch { batch }) => self.take(Ok(batch)),
                Err(Failure::Refused(error)) if error.code == ErrorCode::NotFound => {
                    self.take(Err(format::sentence(&error.message)));
                }
                // What is shown stays; it is asked for again soon.
                _ => {}
            }
            set_timeout(move || self.rest(), ASK_AT_MOST_EVERY);
        });
    }

    fn take(self, answer: Result<BatchStatus, String>) {
        if self.found.try_with_untracked(|found| found.as_ref() != Some(&answer)) == Some(true) {
            self.found.set(Some(answer));
        }
    }

    fn rest(self) {
        let _idle = self.busy.try_set_value(false);
        if self.again.try_get_value() == Some(true) {
            self.again.set_value(false);
            self.ask();
        }
    }
}

fn is_progress_alone(update: &ViewUpdate) -> bool {
    match update {
        ViewUpdate::Delta(ViewDelta::Jobs { changes }) => {
            changes.removed.is_empty() && changes.changed.is_empty()
        }
        _ => false,
    }
}

fn one(board: Board, id: BatchId) -> AnyView {
    let found = Asker::start(board, id).found;
    let batch = memo(move || found.get().and_then(Result::ok));
    let is_there = memo(move || batch.with(Option::is_some));
    let trouble = move || match found.get() {
        None => view! { <p class="faint">"Asking for this batch…"</p> }.into_any(),
        Some(Err(sentence)) => missing(sentence),
        Some(Ok(_)) => ().into_any(),
    };
    name_page(move || format!("Batch {id}"));
    let shown = move || {
        is_there.get().then(|| batch.get_untracked()).flatten().map(|first| status(board, first, batch))
    };
    view! { {shown} {trouble} }.into_any()
}

fn status(board: Board, first: BatchStatus, batch: Memo<Option<BatchStatus>>) -> AnyView {
    let id = first.id;
    let counts =
        memo(move || batch.with(|batch| batch.as_ref().map(|batch| batch.counts)).unwrap_or_default());
    let ended = move || {
        let counts = counts.get();
        format!("{} of {} ended", format::count(counts.finished()), format::jobs(counts.total()))
    };
    let name = if first.name.is_empty() { format!("Batch {id}") } else { first.name };
    let parts = STATES.map(|state| {
        view! { <span data-state=state.as_str() style:flex-grow=move || counts.get()[state].to_string()></span> }
    });
    view! {
        <header class="job-head">
            <h1>{name}</h1>
            <p class="job-facts">
                <span>{format!("batch {id}")}</span>
                <span class="faint">"added " <Instant epoch_ms=first.created_at_ms now=board.clock/></span>
                <a class="push" href=list_path(id, None)>"See its jobs in the list"</a>
            </p>
        </header>
        <p>{ended}</p>
        <div class="batch-bar" role="img" aria-label=ended>{parts}</div>
        <ul class="batch-counts" aria-label="Jobs in each state">
            {STATES.map(|state| view! {
                <li>
                    <a href=list_path(id, Some(state))>
                        <Badge state=Signal::stored(state)/>
                        <strong>{move || format::count(counts.get()[state])}</strong>
                    </a>
                </li>
            })}
        </ul>
        {actions(board, id, counts)}
    }
    .into_any()
}

fn actions(board: Board, id: BatchId, counts: Memo<taskyard_shared::queue::StateCounts>) -> AnyView {
    let note = RwSignal::new(None::<Note>);
    let start = move |action: BulkAction| {
        let filter = JobFilter { batch: Some(id), ..JobFilter::default() };
        start_operation(board, note, action, filter);
    };
    let to_retry = move || counts.get().failed + counts.get().cancelled;
    view! {
        <div class="batch-actions">
            <button disabled=move || to_retry() == 0 on:click=move |_| start(BulkAction::Retry {})>
                "Retry what failed or was cancelled"
            </button>
            <button disabled=move || counts.get().unfinished() == 0 on:click=move |_| start(BulkAction::Cancel {})>
                "Cancel what has not ended"
            </button>
        </div>
        <NoteLine note/>
    }
    .into_any()
}

fn list_path(id: BatchId, state: Option<JobState>) -> String {
    let filter = JobFilter { states: state.into_iter().collect(), batch: Some(id), ..JobFilter::default() };
    ListAddress { filter, ..ListAddress::default() }.path()
}

fn missing(sentence: String) -> AnyView {
    view! {
        <section class="missing">
            <h1>"There is no such batch"</h1>
            <p>{sentence}</p>
            <p><a href="./">"See all jobs"</a></p>
        </section>
    }
    .into_any()
}
