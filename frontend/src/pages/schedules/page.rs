//! The schedules with their next and last runs.

use leptos::prelude::*;
use taskyard_shared::command::Command;
use taskyard_shared::schedule::ScheduleStatus;

use super::form::form;
use crate::board::Board;
use crate::components::entry::Entry;
use crate::components::list_page::{ListPage, list_page};
use crate::components::time::{self, Instant};
use crate::format;
use crate::reactive::memo;
use crate::state::address::percent_encode;
use crate::state::schedules;

const PAGE: ListPage = ListPage {
    title: "Schedules",
    about: "Jobs that are added again and again, by the clock of a time zone.",
    path: "/schedules",
    add: "New schedule",
    names: |yard| yard.lists.schedules.iter().map(|status| status.schedule.name.clone()).collect(),
    entry,
    form,
    empty,
};

#[component]
pub fn SchedulesPage() -> impl IntoView {
    list_page(&PAGE)
}

fn entry(board: Board, name: String) -> AnyView {
    let entry = Entry::new(board, name.clone());
    let edit = format!("/schedules?edit={}", percent_encode(&name));
    let label = format!("Change {name}");
    let status = memo(move || board.yard.with(|yard| yard.schedule(&name).cloned()));
    let paused = memo(move || status.with(|of| of.as_ref().is_some_and(|of| of.schedule.paused)));
    let about = move || status.with(|status| status.as_ref().map(about));
    let run = move || board.send(entry.note, Command::RunSchedule { name: entry.name.get_value() });
    let toggle = move || {
        let name = entry.name.get_value();
        let command = if paused.get_untracked() {
            Command::ResumeSchedule { name }
        } else {
            Command::PauseSchedule { name }
        };
        board.send(entry.note, command);
    };
    let actions = view! {
        {entry.button(Signal::stored("Run now"), run)}
        {entry.button(Signal::derive(move || if paused.get() { "Resume" } else { "Pause" }), toggle)}
        <a class="button quiet small" href=edit aria-label=label>"Change"</a>
    };
    let facts = move || status.with(|status| status.as_ref().map(|status| facts(board, status)));
    entry
        .view(about.into_any(), actions.into_any(), facts.into_any(), |name| Command::RemoveSchedule { name })
}

fn about(status: &ScheduleStatus) -> AnyView {
    let schedule = &status.schedule;
    view! {
        {schedule.paused.then(|| view! { <span class="tag">"paused"</span> })}
        <code>{schedule.cron.clone()}</code>
        <span class="faint">{format!("{} · {}", schedule.zone, schedule.job.kind)}</span>
    }
    .into_any()
}

fn facts(board: Board, status: &ScheduleStatus) -> AnyView {
    let next = match status.next_run_at_ms {
        Some(at) => view! { "next run " {time::upcoming(board, at)} }.into_any(),
        None => "no next run".into_any(),
    };
    let last = status
        .last_run_at_ms
        .map(|at| view! { <span>"last run " <Instant epoch_ms=at now=board.clock/></span> });
    let job = status.last_job.map(|id| view! { <a href=format!("jobs/{id}")>{format!("job {id}")}</a> });
    let skipped =
        (status.skipped > 0).then(|| format!("{} left out", format::counted(status.skipped, "run", "runs")));
    let rest = [skipped.unwrap_or_default(), schedules::rules(&status.schedule)];
    let rest = rest.into_iter().filter(|words| !words.is_empty());
    view! {
        <span>{next}</span>
        {last}
        {job}
        {rest.map(|words| view! { <span>{words}</span> }).collect_view()}
    }
    .into_any()
}

/// Three to start from, each in the form already.
const EXAMPLES: [(&str, &str); 3] = [
    ("Every five minutes", "*/5 * * * *"),
    ("On weekdays at nine", "0 9 * * 1-5"),
    ("Every midnight", "@daily"),
];

fn empty() -> AnyView {
    let offers = EXAMPLES.map(|(words, cron)| {
        let href = format!("/schedules?new=1&cron={}", percent_encode(cron));
        view! { <a class="button" href=href>{words} " " <code>{cron}</code></a> }
    });
    view! {
        <div class="empty">
            <h2>"No schedules yet"</h2>
            <p>
                "A schedule adds a job at the times that a cron expression names: a report every morning, a "
                "clean-up every night. It goes on when nobody looks, and what the server missed while it was down "
                "it makes up for, as you choose."
            </p>
            <div class="offers">{offers}</div>
        </div>
    }
    .into_any()
}
