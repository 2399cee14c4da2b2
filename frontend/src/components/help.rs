//! What the board is, how to drive it by keyboard, and how to call the API.

use leptos::prelude::*;

use super::dialog::Dialog;
use super::keys::is_taken;
use crate::board::{Board, Overlay};
use crate::connection::mounted::base_address;

const SHORTCUTS: [(&str, &str); 12] = [
    ("/", "Search"),
    ("j  k", "Next and previous row"),
    ("Enter", "Open the row's job"),
    ("x", "Select the row"),
    ("c", "Cancel the row's job, or the selected ones"),
    ("r", "Retry the row's job or run it now, or the selected ones"),
    ("n", "New job, schedule or limit"),
    ("g", "Go to the top of the list"),
    ("u", "Undo what was asked for many jobs, before it begins"),
    ("Ctrl K", "Command palette"),
    ("?", "This help"),
    ("Esc", "Close, or leave the search"),
];

/// A line for a shell that adds a job.
pub fn curl_line() -> String {
    let base = base_address().unwrap_or_default();
    format!(
        "curl {base}api/v1/jobs \\\n  -H 'content-type: application/json' \\\n  \
         -d '{{\"kind\": \"demo\", \"args\": {{\"name\": \"From the shell\", \"duration\": 3}}}}'"
    )
}

#[component]
pub fn Help(board: Board) -> impl IntoView {
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "?" && !is_taken(&event) {
            event.prevent_default();
            board.overlay.set(Overlay::Help);
        }
    });
    on_cleanup(move || shortcut.remove());
    let close = move |_| board.overlay.set(Overlay::Nothing);
    view! {
        <Dialog board overlay=Overlay::Help label="Help">
            <div class="dialog-head">
                <h2>"About this board"</h2>
                <button class="quiet" on:click=close>"Close"</button>
            </div>
            <p>
                "Every change of every job shows here as it happens. Open this page in several tabs, or on "
                "several machines: all of them show the same, at the same time."
            </p>
            <p>
                "Jobs are stored before they count as added: a restart, or a power cut, loses none. Drop a photo "
                "anywhere on the page to have it resized."
            </p>
            <p>
                <a href="schedules" on:click=close>"Schedules"</a> " add jobs by the clock. "
                <a href="limits" on:click=close>"Limits"</a>
                " bound how many are at work, or how many may start, across queues or for each value of an "
                "argument. "
                <a href="/services" on:click=close>"Services"</a>
                " shows the rate limiter, the cache and the pools of connections. Settings of a queue, and all else "
                "that has a name, are in the palette too."
            </p>
            <h3>"Keyboard"</h3>
            <dl class="shortcuts">
                {SHORTCUTS.map(|(keys, what)| view! {
                    <div><dt><kbd>{keys}</kbd></dt><dd>{what}</dd></div>
                }).collect_view()}
            </dl>
            <h3>"From a program"</h3>
            <pre class="code" tabindex="0">{curl_line()}</pre>
        </Dialog>
    }
}
