//! Puts the main page together, and keeps it and the address bar the same.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::add_job::AddJob;
use super::bulk::BulkDialog;
use super::clear::ClearDialog;
use super::counts::Counts;
use super::keys;
use super::list::JobList;
use super::list_model::ListModel;
use super::queues::QueueList;
use super::selection::SelectionBar;
use super::toolbar::Toolbar;
use crate::board::Board;
use crate::reactive::{Show, memo};
use crate::state::address::ListAddress;

type Go = Box<dyn Fn(&str, Replace)>;

/// The list's filter and sort as the address says them, and how to change it.
#[derive(Clone, Copy)]
pub struct Address {
    pub read: Memo<ListAddress>,
    go: StoredValue<Go, LocalStorage>,
}

impl Address {
    /// Changes the address. `replace` keeps the change out of the browser's history.
    pub fn change(self, replace: Replace, change: impl FnOnce(&mut ListAddress)) {
        let mut address = self.read.get_untracked();
        change(&mut address);
        if address != self.read.get_untracked() {
            self.go.with_value(|go| go(&address.path(), replace));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    Yes,
    No,
}

#[component]
pub fn BoardPage() -> impl IntoView {
    let board = expect_context::<Board>();
    let query = use_query_map();
    let navigate = use_navigate();
    let go: Go = Box::new(move |path, replace| {
        let replace = replace == Replace::Yes;
        navigate(path, NavigateOptions { replace, scroll: false, ..NavigateOptions::default() });
    });
    let address = Address {
        read: memo(move || query.with(|query| ListAddress::read(|name| query.get(name)))),
        go: StoredValue::new_local(go),
    };
    let model = ListModel::start(board, address);
    keys::listen(board, model);
    view! {
        <div class="board" class:adding=board.adding>
            <h1 class="visually-hidden">"Board"</h1>
            <aside class="side" aria-label="States and queues">
                <Counts board address/>
                <QueueList board address/>
            </aside>
            <section class="jobs" aria-label="Jobs">
                <Toolbar board model/>
                <SelectionBar board model/>
                <JobList board model/>
            </section>
            <Show when=board.adding>
                <AddJob board/>
            </Show>
            <ClearDialog board address/>
            <BulkDialog board model/>
        </div>
    }
}
