//! The numbers: how many jobs there are, in all and in each state. Each is a link that filters the list.

use leptos::prelude::*;
use taskyard_shared::job::JobState;

use super::page::Address;
use crate::board::Board;
use crate::components::icons;
use crate::format;
use crate::reactive::memo;
use crate::state::address::ListAddress;
use crate::state::life::STATES;

#[component]
pub fn Counts(board: Board, address: Address) -> impl IntoView {
    let totals = memo(move || board.queues.with(|queues| queues.known.then(|| queues.totals())));
    view! {
        <nav class="counts" aria-label="States">
            <Tile address state=None number=Signal::derive(move || totals.get().map(|counts| counts.total()))/>
            {STATES.map(|state| view! {
                <Tile address state=Some(state) number=Signal::derive(move || totals.get().map(|counts| counts[state]))/>
            }).collect_view()}
        </nav>
    }
}

#[component]
fn Tile(address: Address, state: Option<JobState>, number: Signal<Option<u64>>) -> impl IntoView {
    let word = state.map_or("total", JobState::as_str);
    let title = word[..1].to_ascii_uppercase() + &word[1..];
    let shown = memo(move || number.get().map_or_else(|| "–".to_owned(), format::count));
    let wanted: Vec<JobState> = state.into_iter().collect();
    let current = {
        let wanted = wanted.clone();
        memo(move || address.read.with(|address| address.filter.states == wanted))
    };
    let href = move || {
        let mut target: ListAddress = address.read.get();
        target.filter.states = if current.get() { Vec::new() } else { wanted.clone() };
        target.row = None;
        target.path()
    };
    let label = {
        let title = title.clone();
        move || format!("{title} {}", shown.get())
    };
    view! {
        <a
            class="tile"
            href=href
            data-count=word
            data-state=state.map(JobState::as_str)
            aria-label=label
            aria-current=move || current.get().then_some("true")
        >
            <span class="tile-word">{state.map(icons::state)} {title}</span>
            <span class="tile-number">{shown}</span>
        </a>
    }
}
