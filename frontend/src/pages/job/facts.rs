//! What the job is tied to and how it is to be run: the jobs before and after it, and its options.

use leptos::prelude::*;
use taskyard_shared::job::{Dependency, JobDetail};
use taskyard_shared::limits::MAX_SHOWN_DEPENDENTS;

use crate::board::Board;
use crate::components::icons;
use crate::components::time::upcoming;
use crate::format;
use crate::reactive::{Show, memo};
use crate::state::job_facts::{Fact, Side, dependency_words, options, worst_first};

#[component]
pub fn Dependencies(side: Side, jobs: Memo<Vec<Dependency>>) -> impl IntoView {
    let (id, title) = match side {
        Side::After => ("after-title", "Comes after"),
        Side::Before => ("before-title", "Comes before"),
    };
    view! {
        <Show when=move || !jobs.with(Vec::is_empty)>
            <section aria-labelledby=id>
                <h2 id=id>{title}</h2>
                <ul class="dependencies">
                    {move || jobs.with(|jobs| worst_first(jobs, MAX_SHOWN_DEPENDENTS))
                        .into_iter().map(|dependency| dependency_view(side, dependency)).collect_view()}
                </ul>
                {move || jobs.with(|jobs| beyond(side, jobs.len())).map(|text| view! { <p class="faint">{text}</p> })}
            </section>
        </Show>
    }
}

fn dependency_view(side: Side, dependency: Dependency) -> impl IntoView {
    let id = dependency.job;
    let (words, like) = dependency_words(side, dependency.state);
    view! {
        <li>
            <a href=format!("jobs/{id}")>{format!("#{id}")}</a>
            <span class="badge" data-state=like.as_str()>{icons::state(like)} <span>{words}</span></span>
        </li>
    }
}

/// What the list leaves out. Of the jobs that wait for this one the server names the first ones only.
fn beyond(side: Side, listed: usize) -> Option<String> {
    match side {
        Side::After if listed > MAX_SHOWN_DEPENDENTS => {
            Some(format!("and {} more.", format::count((listed - MAX_SHOWN_DEPENDENTS) as u64)))
        }
        Side::Before if listed >= MAX_SHOWN_DEPENDENTS => {
            Some(format!("These are the first {listed}: there may be more."))
        }
        _ => None,
    }
}

#[component]
pub fn Options(board: Board, detail: Memo<Option<JobDetail>>) -> impl IntoView {
    let facts = memo(move || detail.with(|detail| detail.as_ref().map(options).unwrap_or_default()));
    view! {
        <section aria-labelledby="options-title">
            <h2 id="options-title">"Options"</h2>
            <dl class="headers">
                {move || facts.get().into_iter().map(|(label, fact)| view! {
                    <div><dt>{label}</dt><dd>{fact_view(board, fact)}</dd></div>
                }).collect_view()}
            </dl>
        </section>
    }
}

fn fact_view(board: Board, fact: Fact) -> AnyView {
    match fact {
        Fact::Text(text) => text.into_any(),
        Fact::At(at) => upcoming(board, at).into_any(),
    }
}
