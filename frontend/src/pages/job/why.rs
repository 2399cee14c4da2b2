//! Why the job is not running yet: asked again whenever its row changes, and every few seconds meanwhile, since
//! what stands in its way (other jobs, a pause, a limit) changes without it.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::explain::Explanation;
use taskyard_shared::job::{JobId, JobSummary};

use crate::board::Board;
use crate::components::time::upcoming;
use crate::connection::exchange::Failure;
use crate::reactive::{effect, memo};
use crate::state::address::percent_encode;
use crate::state::why::{Piece, sentence};

const ASK_EVERY: Duration = Duration::from_secs(2);

/// Whether a question is under way: one at a time, and one more if the row changed meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    No,
    Once,
    Again,
}

/// A handle; copies are the same panel.
#[derive(Clone, Copy)]
struct Question {
    board: Board,
    id: JobId,
    told: RwSignal<Option<Explanation>>,
    refused: RwSignal<Option<String>>,
    asking: StoredValue<Asking>,
}

/// `changed` counts up when the reasons are others than before.
#[component]
pub fn Why(
    board: Board,
    id: JobId,
    current: Memo<Option<JobSummary>>,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let question = Question {
        board,
        id,
        told: RwSignal::new(None),
        refused: RwSignal::new(None),
        asking: StoredValue::new(Asking::No),
    };
    question.keep_asking(current);
    let reasons = memo(move || question.told.with(|told| told.as_ref().map(|told| told.reasons.clone())));
    // In whole seconds: an estimate that wavers by milliseconds says nothing new.
    let start = memo(move || {
        let start = question.told.with(|told| told.as_ref().and_then(|told| told.estimated_start_ms));
        start.map(|at| at / 1000 * 1000)
    });
    Effect::new(move |before: Option<bool>| {
        let known = reasons.with(Option::is_some);
        if before == Some(true) {
            changed.update(|times| *times += 1);
        }
        known
    });
    view! {
        <section class="why" aria-labelledby="why-title">
            <h2 id="why-title">"Why is it waiting?"</h2>
            {move || match reasons.get() {
                None => view! { <p class="faint">"Asking…"</p> }.into_any(),
                Some(reasons) if reasons.is_empty() => {
                    view! { <p>"Nothing stands in its way: it is about to start."</p> }.into_any()
                }
                Some(reasons) => view! {
                    <ul>{reasons.iter().map(|reason| piece_views(board, sentence(reason))).collect_view()}</ul>
                }.into_any(),
            }}
            {move || start.get().map(|at| view! {
                <p class="faint">"Expected to start at " {upcoming(board, at)} "."</p>
            })}
            {move || question.refused.get().map(|text| view! { <p class="note error">{text}</p> })}
        </section>
    }
}

impl Question {
    fn keep_asking(self, current: Memo<Option<JobSummary>>) {
        effect(move || {
            current.track();
            if self.board.connection.status.with(|status| status.is_live()) {
                self.ask();
            }
        });
        let again = move || {
            let live = self.board.connection.status.with_untracked(|status| status.is_live());
            // Nobody looks at a page in the background.
            if live && !document().hidden() && self.asking.get_value() == Asking::No {
                self.ask();
            }
        };
        if let Ok(timer) = set_interval_with_handle(again, ASK_EVERY) {
            on_cleanup(move || timer.clear());
        }
    }

    fn ask(self) {
        if self.asking.get_value() != Asking::No {
            return self.asking.set_value(Asking::Again);
        }
        self.asking.set_value(Asking::Once);
        spawn_local(async move {
            loop {
                self.hear(self.board.connection.command(Command::ExplainJob { id: self.id }).await);
                // The panel may be gone.
                match self.asking.try_get_value() {
                    Some(Asking::Again) => self.asking.set_value(Asking::Once),
                    Some(_) => return self.asking.set_value(Asking::No),
                    None => return,
                }
            }
        });
    }

    fn hear(self, outcome: Result<Reply, Failure>) {
        let refused = match outcome {
            Ok(Reply::Explained { explanation }) => {
                let _shown = self.told.try_set(Some(explanation));
                None
            }
            Err(failure @ Failure::Refused(_)) => Some(failure.sentence()),
            // What is shown stays, and is asked for again when there is a connection.
            _ => return,
        };
        let _shown = self.refused.try_set(refused);
    }
}

fn piece_views(board: Board, pieces: Vec<Piece>) -> impl IntoView {
    view! { <li>{pieces.into_iter().map(|piece| piece_view(board, piece)).collect_view()}</li> }
}

fn piece_view(board: Board, piece: Piece) -> AnyView {
    match piece {
        Piece::Text(text) => text.into_any(),
        Piece::Job(id) => view! { <a href=format!("jobs/{id}")>{format!("#{id}")}</a> }.into_any(),
        Piece::Queue(name) => {
            let href = format!("/?queue={}", percent_encode(&name));
            view! { <a href=href>{name}</a> }.into_any()
        }
        Piece::At(at) => upcoming(board, at).into_any(),
    }
}
