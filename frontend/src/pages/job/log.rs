//! What the job's work wrote, as it writes it. Follows the newest line unless the person scrolled up to read.

use leptos::html;
use leptos::prelude::*;
use taskyard_shared::job::JobId;
use taskyard_shared::log::LogLine;
use taskyard_shared::view::{ViewDelta, ViewQuery, ViewSnapshot};

use crate::board::Board;
use crate::components::time;
use crate::connection::exchange::ViewUpdate;
use crate::connection::watch;
use crate::format;
use crate::reactive::{Show, effect, memo};
use crate::state::log::{Entry, Log};

/// So near its end, in pixels, the log counts as scrolled to it.
const AT_END_PX: i32 = 8;

/// A handle; copies are the same log.
#[derive(Clone, Copy)]
pub struct LogModel {
    pub log: RwSignal<Log>,
    /// The attempt that is shown alone; None: all.
    pub shown: RwSignal<Option<u32>>,
    panel: NodeRef<html::Div>,
    follows: RwSignal<bool>,
    /// Where it was scrolled to, in pixels.
    top_px: StoredValue<i32>,
}

impl LogModel {
    /// Watches the log for as long as the caller's owner lives.
    pub fn start(board: Board, id: JobId) -> Self {
        let log = RwSignal::new(Log::default());
        let query = memo(move || Some(ViewQuery::Log { job: id }));
        watch(board.connection, query, move |update| match update {
            ViewUpdate::Snapshot(ViewSnapshot::Log { lines }) => log.update(|log| log.snapshot(lines)),
            ViewUpdate::Delta(ViewDelta::Log { lines }) => log.update(|log| log.append(lines)),
            _ => {}
        });
        LogModel {
            log,
            shown: RwSignal::new(None),
            panel: NodeRef::new(),
            follows: RwSignal::new(true),
            top_px: StoredValue::new(0),
        }
    }

    /// Shows this attempt alone, and goes there.
    pub fn show(self, attempt: u32) {
        self.follows.set(true);
        self.shown.set(Some(attempt));
        if let Some(panel) = self.panel.get_untracked() {
            panel.scroll_into_view();
            let _focused = panel.focus();
        }
    }

    fn go_to_end(self) {
        // The lines have to be drawn first.
        request_animation_frame(move || {
            if let Some(panel) = self.panel.try_get_untracked().flatten() {
                panel.set_scroll_top(panel.scroll_height());
            }
        });
    }

    /// Only the person scrolls up: more lines below the end do not mean that somebody left it.
    fn scrolled(self, panel: &web_sys::Element) {
        let top = panel.scroll_top();
        let below = panel.scroll_height() - panel.client_height() - top;
        if below <= AT_END_PX {
            self.follows.set(true);
        } else if top < self.top_px.get_value() {
            self.follows.set(false);
        }
        self.top_px.set_value(top);
    }

    fn follow(self) {
        effect(move || {
            self.log.track();
            self.shown.track();
            if self.follows.get() {
                self.go_to_end();
            }
        });
    }
}

#[component]
pub fn LogPanel(board: Board, model: LogModel) -> impl IntoView {
    model.follow();
    let is_empty = memo(move || model.log.with(Log::is_empty));
    let known = memo(move || model.log.with(|log| log.known));
    let entries = move || model.log.with(|log| log.entries(model.shown.get()));
    view! {
        <section aria-labelledby="log-title">
            <div class="section-head">
                <h2 id="log-title">"Log"</h2>
                <AttemptChoice model/>
                <Show when=move || !model.follows.get()>
                    <button class="small push" on:click=move |_| model.follows.set(true)>"Go to the newest line"</button>
                </Show>
            </div>
            <Show when=is_empty>
                <p class="faint">{move || if known.get() { "Nothing was written." } else { "Asking for the log…" }}</p>
            </Show>
            <div
                class="log"
                class:empty-log=is_empty
                class:following=model.follows
                node_ref=model.panel
                role="log"
                aria-live="off"
                aria-labelledby="log-title"
                tabindex=move || if is_empty.get() { "-1" } else { "0" }
                on:scroll=move |event| model.scrolled(&event_target(&event))
            >
                <For each=entries key=Entry::key let:entry>{entry_view(board, entry)}</For>
            </div>
        </section>
    }
}

#[component]
fn AttemptChoice(model: LogModel) -> impl IntoView {
    let attempts = memo(move || model.log.with(Log::attempts));
    let chosen = move |event| {
        model.follows.set(true);
        model.shown.set(event_target_value(&event).parse().ok());
    };
    view! {
        <Show when=move || attempts.with(|attempts| attempts.len() > 1)>
            <select aria-label="Attempt whose log is shown" on:change=chosen>
                <option value="" prop:selected=move || model.shown.get().is_none()>"All attempts"</option>
                {move || attempts.get().into_iter().map(|number| view! {
                    <option value=number.to_string() prop:selected=move || model.shown.get() == Some(number)>
                        {format!("Attempt {number}")}
                    </option>
                }).collect_view()}
            </select>
        </Show>
    }
}

fn entry_view(board: Board, entry: Entry) -> AnyView {
    match entry {
        Entry::Cut => view! { <p class="faint">"Older lines are not shown here."</p> }.into_any(),
        Entry::Gap { lines, .. } => {
            let text = format!("{} of its lines are not shown here.", format::count(u64::from(lines)));
            view! { <p class="faint">{text}</p> }.into_any()
        }
        Entry::Attempt(number) => view! { <h3>{format!("Attempt {number}")}</h3> }.into_any(),
        Entry::Line(line) => line_view(board, line),
    }
}

fn line_view(board: Board, line: LogLine) -> AnyView {
    let level = line.level.as_str();
    let clock = time::clock(line.at_ms, board.clock.get_untracked());
    view! {
        <p class="log-line" data-level=level>
            <time class="faint" title=time::exact(line.at_ms)>{clock}</time>
            <span class="log-level">{level}</span>
            <span class="log-text">{line.text}</span>
        </p>
    }
    .into_any()
}
