//! The limits with what they do at the moment, and the form that makes or changes one.

use std::rc::Rc;

use leptos::prelude::*;
use taskyard_shared::command::Command;
use taskyard_shared::limit::LimitStatus;

use crate::board::Board;
use crate::components::command_form::{CommandForm, Leave, MakeCommand};
use crate::components::entry::Entry;
use crate::components::list_page::{ListPage, kind_names, list_page, missing, queue_names};
use crate::format;
use crate::reactive::memo;
use crate::state::address::percent_encode;
use crate::state::limits;

const PAGE: ListPage = ListPage {
    title: "Limits",
    about: "A job that a limit holds back does not hold up the ones behind it.",
    path: "/limits",
    add: "New limit",
    names: |yard| yard.lists.limits.iter().map(|status| status.limit.name.clone()).collect(),
    entry,
    form,
    empty,
};

#[component]
pub fn LimitsPage() -> impl IntoView {
    list_page(&PAGE)
}

fn entry(board: Board, name: String) -> AnyView {
    let entry = Entry::new(board, name.clone());
    let edit = format!("/limits?edit={}", percent_encode(&name));
    let label = format!("Change {name}");
    let status = memo(move || board.yard.with(|yard| yard.limit(&name).cloned()));
    let rules = memo(move || {
        status.with(|status| status.as_ref().map(|of| (limits::bounds(&of.limit), limits::scope(&of.limit))))
    });
    let about = move || {
        rules
            .get()
            .map(|(bounds, scope)| view! { <strong>{bounds}</strong> <span class="faint">{scope}</span> })
    };
    let actions = view! { <a class="button quiet small" href=edit aria-label=label>"Change"</a> };
    let facts = move || status.with(|status| status.as_ref().map(facts));
    entry.view(about.into_any(), actions.into_any(), facts.into_any(), |name| Command::RemoveLimit { name })
}

fn facts(status: &LimitStatus) -> AnyView {
    let mut words = format!("{} running", format::count(status.running));
    if status.limit.key.is_some() {
        words.push_str(&format!(" · {} in use", format::counted(status.keys, "key", "keys")));
    }
    let held = format!("{} held back", format::count(status.held_back));
    view! {
        <span>{words}</span>
        {if status.held_back == 0 {
            view! { <span>{held}</span> }.into_any()
        } else {
            view! { <a class="held" href=limits::held_path(&status.limit)>{held}</a> }.into_any()
        }}
    }
    .into_any()
}

fn form(board: Board, name: Option<String>, leave: Leave) -> AnyView {
    let found = |name: &String| board.yard.with_untracked(|yard| yard.limit(name).map(|of| of.limit.clone()));
    let before = name.as_ref().and_then(found);
    if let (Some(name), None) = (&name, &before) {
        return missing("limit", name);
    }
    let queues = queue_names(board, before.as_ref().and_then(|limit| limit.queue.as_ref()));
    let kinds = kind_names(board, before.as_ref().and_then(|limit| limit.kind.as_ref()));
    let fields = limits::fields(name.is_none(), queues, kinds);
    let form = CommandForm::new(board, fields.clone(), before.as_ref().map(limits::present).as_ref());
    let make: MakeCommand =
        Rc::new(move |value| Ok(Command::SetLimit { limit: limits::limit(value, name.as_deref())? }));
    form.view("Set limit", form.view_fields(fields), make, leave)
}

fn empty() -> AnyView {
    view! {
        <div class="empty">
            <h2>"No limits yet"</h2>
            <p>
                "A queue's concurrency bounds that queue. A limit goes further: how many jobs of a kind may be at "
                "work at the same time whatever their queue, how many for each customer, or how many may start in "
                "a minute because a service outside allows no more."
            </p>
            <p class="faint">
                "With key " <code>"/url"</code> ", for instance, jobs with the same " <code>"url"</code>
                " among their arguments share one limit, and jobs with another have their own."
            </p>
        </div>
    }
    .into_any()
}
