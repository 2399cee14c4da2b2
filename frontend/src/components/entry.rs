//! One entry of a page's list: what it is and what can be done with it, then how it stands.

use leptos::html;
use leptos::prelude::*;
use taskyard_shared::command::Command;

use super::notes::NoteLine;
use crate::board::{Board, Note};
use crate::reactive::effect;

/// A handle on an entry's name and outcome; copies are the same entry.
#[derive(Clone, Copy)]
pub struct Entry {
    pub board: Board,
    pub name: StoredValue<String>,
    pub note: RwSignal<Option<Note>>,
    removing: RwSignal<bool>,
}

impl Entry {
    pub fn new(board: Board, name: String) -> Self {
        let (note, removing) = (RwSignal::default(), RwSignal::default());
        Entry { board, name: StoredValue::new(name), note, removing }
    }

    /// `about` stands beside the name, `facts` below it.
    pub fn view(
        self,
        about: AnyView,
        actions: AnyView,
        facts: AnyView,
        remove: fn(String) -> Command,
    ) -> AnyView {
        let name = self.name;
        view! {
            <li class="entry" data-name=name.get_value()>
                <div class="entry-head">
                    <h2>{name.get_value()}</h2>
                    {about}
                    <span class="push entry-actions">{actions} {self.removal(remove)}</span>
                </div>
                <p class="entry-facts">{facts}</p>
                <NoteLine note=self.note/>
            </li>
        }
        .into_any()
    }

    /// A button that does something with the entry; `word` says what.
    pub fn button(self, word: Signal<&'static str>, act: impl Fn() + 'static) -> AnyView {
        let label = move || format!("{} {}", word.get(), self.name.get_value());
        view! { <button class="quiet small" aria-label=label on:click=move |_| act()>{word}</button> }
            .into_any()
    }

    /// What is removed is gone at once for everybody, so it is asked for twice.
    fn removal(self, remove: fn(String) -> Command) -> AnyView {
        let Entry { board, name, removing, .. } = self;
        let confirmed = move |_| {
            removing.set(false);
            board.send_from_anywhere(remove(name.get_value()));
        };
        view! {
            {move || if removing.get() {
                let node = NodeRef::<html::Button>::new();
                effect(move || {
                    let _focused = node.get().map(|button| button.focus());
                });
                view! {
                    <button class="danger small" node_ref=node on:click=confirmed>
                        {format!("Remove {}", name.get_value())}
                    </button>
                    <button class="quiet small" on:click=move |_| removing.set(false)>"Keep it"</button>
                }.into_any()
            } else {
                self.button(Signal::stored("Remove"), move || removing.set(true))
            }}
        }
        .into_any()
    }
}
