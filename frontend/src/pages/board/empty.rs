//! A list without rows says why, and offers real things to run.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;
use taskyard_shared::command::Command;
use taskyard_shared::new_job::NewJob;

use super::list_model::ListModel;
use super::page::Replace;
use crate::board::{Board, Note};
use crate::components::help::curl_line;
use crate::components::notes::NoteLine;
use crate::reactive::{Show, memo};

#[component]
pub fn EmptyList(board: Board, model: ListModel) -> impl IntoView {
    let filtered = memo(move || model.address.read.with(|address| address.is_filtered()));
    view! {
        {move || if filtered.get() {
            view! {
                <div class="empty">
                    <p>"No job fits this filter."</p>
                    <button on:click=move |_| {
                        model.address.change(Replace::No, |address| address.filter = Default::default());
                    }>"Show all jobs"</button>
                </div>
            }.into_any()
        } else {
            view! { <FirstVisit board/> }.into_any()
        }}
    }
}

#[component]
fn FirstVisit(board: Board) -> impl IntoView {
    let note = RwSignal::new(None::<Note>);
    let offers = |kind: &'static str| {
        memo(move || board.kinds.with(|kinds| kinds.iter().any(|known| known.kind == kind)))
    };
    let (demo, http, image) = (offers("demo"), offers("http"), offers("image"));
    view! {
        <div class="empty">
            <h2>"No jobs yet"</h2>
            <p>"Give the yard something to do, and watch it happen here, in every open tab."</p>
            <div class="offers">
                <Show when=demo>
                    <button on:click=move |_| add(board, note, demo_jobs())>"Run three demo jobs"</button>
                </Show>
                <Show when=http>
                    <button on:click=move |_| add(board, note, vec![http_job()])>"Fetch example.com"</button>
                </Show>
                <Show when=image>
                    <span class="faint">"or drop a photo on this page to have it resized"</span>
                </Show>
            </div>
            <NoteLine note/>
            <p>"From a program:"</p>
            <pre class="code" tabindex="0">{curl_line()}</pre>
        </div>
    }
}

fn demo_jobs() -> Vec<NewJob> {
    [("Sort the mail", 3), ("Count the wagons", 5), ("Sweep the yard", 2)]
        .map(|(name, duration)| NewJob::new("demo", json!({ "name": name, "duration": duration })))
        .to_vec()
}

fn http_job() -> NewJob {
    NewJob::new("http", json!({ "method": "GET", "url": "https://example.com/" }))
}

fn add(board: Board, note: RwSignal<Option<Note>>, jobs: Vec<NewJob>) {
    spawn_local(async move {
        for job in jobs {
            let told = board.told(board.connection.command(Command::AddJob { job }).await);
            // The list is not empty any more once the first one is in it.
            let _shown = note.try_set(Some(told));
        }
    });
}
