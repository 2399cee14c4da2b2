//! The queues: what waits, what runs, pause and resume, and how many may run at a time.

use leptos::prelude::*;
use taskyard_shared::command::Command;
use taskyard_shared::limits::MAX_CONCURRENCY;
use taskyard_shared::queue::QueueStatus;

use super::page::Address;
use crate::board::{Board, Note};
use crate::components::icons;
use crate::components::notes::NoteLine;
use crate::components::queue_settings;
use crate::format;
use crate::reactive::{Show, memo};

#[component]
pub fn QueueList(board: Board, address: Address) -> impl IntoView {
    let names = memo(move || {
        board.queues.with(|queues| queues.list.iter().map(|queue| queue.name.clone()).collect::<Vec<_>>())
    });
    let wide = window().inner_width().ok().and_then(|width| width.as_f64()).is_some_and(|px| px >= 720.0);
    view! {
        <details class="queues" open=wide>
            <summary><h2>"Queues"</h2></summary>
            <ul>
                <For each=move || names.get() key=|name| name.clone() let:name>
                    <QueueItem board address name/>
                </For>
            </ul>
        </details>
    }
}

#[component]
fn QueueItem(board: Board, address: Address, name: String) -> impl IntoView {
    let queue = {
        let name = name.clone();
        memo(move || board.queues.with(|queues| queues.get(&name).cloned()))
    };
    let note = RwSignal::new(None::<Note>);
    let send = move |command: Command| board.send(note, command);
    let paused = memo(move || queue.with(|queue| queue.as_ref().is_some_and(|queue| queue.paused)));
    let draining = memo(move || queue.with(|queue| queue.as_ref().is_some_and(|queue| queue.draining)));
    let toggle = {
        let name = name.clone();
        move |_| {
            let queue = name.clone();
            send(if paused.get_untracked() {
                Command::ResumeQueue { queue }
            } else {
                Command::PauseQueue { queue }
            });
        }
    };
    let concurrency = memo(move || queue.with(|queue| queue.as_ref().map_or(1, |queue| queue.concurrency)));
    let set_concurrency = {
        let queue = name.clone();
        move |concurrency: u32| send(Command::SetConcurrency { queue: queue.clone(), concurrency })
    };
    view! {
        <li class="queue" data-queue=name.clone() data-paused=move || paused.get().to_string()>
            <div class="queue-line">
                <QueueLink address name=name.clone()/>
                <Show when=paused><span class="tag">"paused"</span></Show>
                <Show when=draining>
                    <span class="tag" title="Takes no new jobs, and works off those it has">"draining"</span>
                </Show>
                {settings_button(board, name.clone())}
                <button class="quiet small" aria-label={
                    let name = name.clone();
                    move || format!("{} {name}", if paused.get() { "Resume" } else { "Pause" })
                } on:click=toggle>
                    {move || icons::icon(if paused.get() { icons::PLAY } else { icons::PAUSE })}
                    <span>{move || if paused.get() { "Resume" } else { "Pause" }}</span>
                </button>
            </div>
            <div class="queue-line faint">
                <span>{move || queue.with(|queue| queue.as_ref().map(summary))}</span>
                <Stepper name=name.clone() concurrency note set=set_concurrency/>
            </div>
            <NoteLine note/>
        </li>
    }
}

fn settings_button(board: Board, name: String) -> AnyView {
    view! {
        <button
            class="quiet small icon push"
            aria-haspopup="dialog"
            aria-label=format!("Settings of queue {name}")
            title="Settings"
            on:click=move |_| queue_settings::open(board, name.clone())
        >
            {icons::icon(icons::SLIDERS)}
        </button>
    }
    .into_any()
}

#[component]
fn QueueLink(address: Address, name: String) -> impl IntoView {
    let current = {
        let name = name.clone();
        memo(move || address.read.with(|address| address.filter.queue.as_ref() == Some(&name)))
    };
    let text = name.clone();
    let href = move || {
        let mut target = address.read.get();
        target.filter.queue = if current.get() { None } else { Some(name.clone()) };
        target.row = None;
        target.path()
    };
    view! { <a class="queue-name" href=href aria-current=move || current.get().then_some("true")>{text}</a> }
}

/// `3 pending · 1 running`
fn summary(queue: &QueueStatus) -> String {
    let mut text = format!(
        "{} pending · {} running",
        format::count(queue.counts.pending),
        format::count(queue.counts.processing)
    );
    if queue.stopping > 0 {
        text.push_str(&format!(" · {} stopping", queue.stopping));
    }
    text
}

/// How many jobs may run at a time: by steps, or typed.
#[component]
fn Stepper(
    name: String,
    concurrency: Memo<u32>,
    note: RwSignal<Option<Note>>,
    set: impl Fn(u32) + Clone + 'static,
) -> impl IntoView {
    let typed = {
        let set = set.clone();
        move |event| {
            let text = event_target_value(&event);
            match text.trim().parse::<u32>().ok().filter(|number| (1..=MAX_CONCURRENCY).contains(number)) {
                Some(number) if number == concurrency.get_untracked() => {}
                Some(number) => set(number),
                None => {
                    let most = format::count(u64::from(MAX_CONCURRENCY));
                    note.set(Some(Note::error(format!("From 1 to {most} jobs at a time."))));
                    let input: web_sys::HtmlInputElement = event_target(&event);
                    input.set_value(&concurrency.get_untracked().to_string());
                }
            }
        }
    };
    let lower = set.clone();
    view! {
        <span class="stepper" title="Jobs at work at the same time">
            <button
                class="quiet"
                aria-label=format!("Lower concurrency of {name}")
                disabled={move || concurrency.get() <= 1}
                on:click=move |_| lower(concurrency.get_untracked().saturating_sub(1).max(1))
            >
                "−"
            </button>
            <input
                type="text"
                inputmode="numeric"
                aria-label=format!("Concurrency of {name}")
                prop:value=move || concurrency.get().to_string()
                on:change=typed
            />
            <button
                class="quiet"
                aria-label=format!("Raise concurrency of {name}")
                disabled={move || concurrency.get() >= MAX_CONCURRENCY}
                on:click=move |_| set((concurrency.get_untracked() + 1).min(MAX_CONCURRENCY))
            >
                "+"
            </button>
        </span>
    }
}
