//! Ctrl-K: every action and page by name.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use taskyard_shared::command::Command;
use taskyard_shared::job::JobState;
use taskyard_shared::queue::QueueStatus;
use taskyard_shared::schedule::ScheduleStatus;

use super::dialog::Dialog;
use super::{queue_settings, theme};
use crate::board::{Board, Overlay};
use crate::reactive::{effect, memo};

/// There may be a thousand schedules; who looks for one types a part of its name.
const MAX_FOUND: usize = 60;

#[derive(Clone, Debug, PartialEq)]
enum Action {
    Go(String),
    NewJob,
    ClearFinished,
    QueueSettings(String),
    Send(Box<Command>),
    Theme,
    Help,
}

#[component]
pub fn Palette(board: Board) -> impl IntoView {
    let shortcut = window_event_listener(leptos::ev::keydown, move |event| {
        if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
            event.prevent_default();
            board.overlay.update(|overlay| {
                *overlay = if *overlay == Overlay::Palette { Overlay::Nothing } else { Overlay::Palette };
            });
        }
    });
    on_cleanup(move || shortcut.remove());
    view! {
        <Dialog board overlay=Overlay::Palette label="Command palette" class="palette">
            <PaletteBody board/>
        </Dialog>
    }
}

#[component]
fn PaletteBody(board: Board) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let marked = RwSignal::new(0usize);
    let found = memo(move || matching(&typed.get(), board));
    let navigate = use_navigate();
    let run = StoredValue::new_local(move |action: Action| {
        board.overlay.set(Overlay::Nothing);
        match action {
            Action::Go(path) => navigate(&path, NavigateOptions::default()),
            action => perform(board, action),
        }
    });
    let run_marked = move || {
        let action = found.with_untracked(|found| found.get(marked.get_untracked()).cloned());
        if let Some((_, action)) = action {
            run.with_value(|run| run(action));
        }
    };
    let pressed = move |event: web_sys::KeyboardEvent| {
        let last = found.with_untracked(Vec::len).saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => marked.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => marked.update(|at| *at = at.saturating_sub(1)),
            "Enter" => run_marked(),
            _ => return,
        }
        event.prevent_default();
    };
    let input = NodeRef::<html::Input>::new();
    effect(move || {
        if let Some(input) = input.get() {
            let _focused = input.focus();
        }
    });
    view! {
        <input
            node_ref=input
            type="text"
            role="combobox"
            aria-label="What to do"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant=move || format!("palette-{}", marked.get())
            placeholder="What to do, or the number of a job or batch"
            on:input=move |event| {
                typed.set(event_target_value(&event));
                marked.set(0);
            }
            on:keydown=pressed
        />
        <ul id="palette-list" role="listbox" aria-label="Actions">
            {move || found.get().into_iter().enumerate().map(|(at, (label, action))| view! {
                <li
                    id=format!("palette-{at}")
                    role="option"
                    aria-selected=move || (marked.get() == at).to_string()
                    on:mousemove=move |_| if marked.get_untracked() != at { marked.set(at) }
                    on:click=move |_| run.with_value(|run| run(action.clone()))
                >
                    {label}
                </li>
            }).collect_view()}
        </ul>
        {move || found.with(Vec::is_empty).then(|| view! { <p class="faint">"Nothing has this name."</p> })}
    }
}

fn matching(typed: &str, board: Board) -> Vec<(String, Action)> {
    let typed = typed.trim().to_ascii_lowercase();
    let number = typed.trim_start_matches('#').parse::<u64>().ok();
    let page = |what: &str, path: &str| {
        number.map(|id| (format!("Open {what} {id}"), Action::Go(format!("/{path}/{id}"))))
    };
    let numbered = [page("job", "jobs"), page("batch", "batches")];
    let words: Vec<&str> = typed.split_whitespace().collect();
    let named = actions(board).into_iter().filter(|(label, _)| {
        let label = label.to_ascii_lowercase();
        words.iter().all(|word| label.contains(word))
    });
    numbered.into_iter().flatten().chain(named).take(MAX_FOUND).collect()
}

fn actions(board: Board) -> Vec<(String, Action)> {
    let mut actions = vec![
        ("New job".to_owned(), Action::NewJob),
        ("Go to the board".to_owned(), Action::Go("/".to_owned())),
        ("Go to the schedules".to_owned(), Action::Go("/schedules".to_owned())),
        ("New schedule".to_owned(), Action::Go("/schedules?new=1".to_owned())),
        ("Go to the limits".to_owned(), Action::Go("/limits".to_owned())),
        ("Go to the services".to_owned(), Action::Go("/services".to_owned())),
        ("New limit".to_owned(), Action::Go("/limits?new=1".to_owned())),
    ];
    actions.extend(
        JobState::ALL.map(|state| (format!("Show {state} jobs"), Action::Go(format!("/?state={state}")))),
    );
    actions.push(("Clear finished jobs".to_owned(), Action::ClearFinished));
    actions.extend(queue_actions(board));
    actions.extend(schedule_actions(board));
    actions.push(("Read the source".to_owned(), Action::Go("/source".to_owned())));
    actions.push(("Change theme".to_owned(), Action::Theme));
    actions.push(("Help and shortcuts".to_owned(), Action::Help));
    actions
}

fn send(command: Command) -> Action {
    Action::Send(Box::new(command))
}

fn queue_actions(board: Board) -> Vec<(String, Action)> {
    let of = |queue: &QueueStatus| {
        let name = queue.name.clone();
        let toggle = if queue.paused {
            (format!("Resume {name}"), send(Command::ResumeQueue { queue: name.clone() }))
        } else {
            (format!("Pause {name}"), send(Command::PauseQueue { queue: name.clone() }))
        };
        [toggle, (format!("Settings of queue {name}"), Action::QueueSettings(name))]
    };
    board.queues.with_untracked(|queues| queues.list.iter().flat_map(of).collect())
}

fn schedule_actions(board: Board) -> Vec<(String, Action)> {
    let of = |status: &ScheduleStatus| {
        let name = status.schedule.name.clone();
        (format!("Run schedule {name} now"), send(Command::RunSchedule { name }))
    };
    board.yard.with_untracked(|yard| yard.lists.schedules.iter().map(of).collect())
}

fn perform(board: Board, action: Action) {
    match action {
        Action::Go(_) => {}
        Action::Send(command) => board.send_from_anywhere(*command),
        Action::NewJob => board.adding.set(true),
        Action::ClearFinished => board.overlay.set(Overlay::ClearFinished),
        Action::QueueSettings(queue) => queue_settings::open(board, queue),
        Action::Help => board.overlay.set(Overlay::Help),
        Action::Theme => board.announce(format!("Theme: {}", theme::next_theme())),
    }
}
