//! A form that ends in one command: errors stand at their fields, the outcome of a command that was refused
//! below them.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use taskyard_shared::command::Command;
use taskyard_shared::error::FieldError;
use wasm_bindgen::JsCast;

use super::fields::{FieldList, FormState};
use crate::board::Board;
use crate::connection::exchange::Failure;
use crate::reactive::{effect, memo};
use crate::state::form::{self, Field};

/// From what the fields say to the command, or what is wrong with them together.
pub type MakeCommand = Rc<dyn Fn(&Value) -> Result<Command, Vec<FieldError>>>;

/// Closes a form, whether something came of it or not.
pub type Leave = Rc<dyn Fn()>;

/// A handle; copies are the same form.
#[derive(Clone, Copy)]
pub struct CommandForm {
    board: Board,
    pub state: FormState,
    /// All fields, in whatever order they are shown.
    pub fields: RwSignal<Vec<Field>>,
    refused: RwSignal<Option<String>>,
    sending: RwSignal<bool>,
}

impl CommandForm {
    /// `present` is what the form begins with, beside the defaults.
    pub fn new(board: Board, fields: Vec<Field>, present: Option<&Value>) -> Self {
        let state = FormState::new("set", form::filled(&fields, present));
        CommandForm {
            board,
            state,
            fields: RwSignal::new(fields),
            refused: RwSignal::default(),
            sending: RwSignal::default(),
        }
    }

    /// What stands in a field.
    pub fn typed(self, pointer: &str) -> String {
        self.state.values.with(|values| values.get(pointer).cloned().unwrap_or_default())
    }

    pub fn view_fields(self, fields: Vec<Field>) -> AnyView {
        let state = self.state;
        view! { <FieldList fields state/> }.into_any()
    }

    fn submit(self, make: &MakeCommand, leave: Leave) {
        if self.sending.get_untracked() {
            return;
        }
        self.refused.set(None);
        let built = self
            .fields
            .with_untracked(|fields| self.state.values.with_untracked(|values| form::build(fields, values)));
        let command = match built.and_then(|value| make(&value)) {
            Ok(command) => command,
            Err(errors) => return self.state.errors.set(errors),
        };
        self.state.errors.set(Vec::new());
        self.sending.set(true);
        spawn_local(async move {
            let outcome = self.board.connection.command(command).await;
            let errors = match &outcome {
                Err(Failure::Refused(error)) => self.placed(&error.fields),
                _ => Vec::new(),
            };
            let told = self.board.told(outcome);
            // The form may have been left meanwhile.
            let is_there = self.sending.try_set(false).is_none();
            if !told.is_error {
                self.board.toast(told);
                return if is_there {
                    leave()
                };
            }
            let _shown = self.state.errors.try_set(errors);
            let _shown = self.refused.try_set(Some(told.text));
        });
    }

    /// The server's errors at the fields that they are about.
    pub fn placed(self, errors: &[FieldError]) -> Vec<FieldError> {
        let fields = self.fields.try_get_untracked().unwrap_or_default();
        let values = self.state.values.try_get_untracked().unwrap_or_default();
        errors.iter().map(|error| form::placed(&fields, &values, error)).collect()
    }

    /// The form around its fields. `leave` is done after the command, or instead of it.
    pub fn view(self, word: &'static str, body: AnyView, make: MakeCommand, leave: Leave) -> AnyView {
        let node = NodeRef::<html::Form>::new();
        effect(move || {
            if let Some(form) = node.get() {
                focus_first(&form);
            }
        });
        let homeless = memo(move || self.fields.with(|fields| self.state.unplaced(fields)));
        let (left, escaped) = (leave.clone(), leave.clone());
        let pressed = move |event: web_sys::KeyboardEvent| {
            if event.key() == "Escape" {
                escaped();
            }
        };
        let submit = move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            self.submit(&make, leave.clone());
        };
        view! {
            <form class="command-form" node_ref=node novalidate on:submit=submit on:keydown=pressed>
                {body}
                <div role="status">
                    {move || self.refused.get().into_iter().chain(homeless.get()).map(|text| view! {
                        <p class="note error">{text}</p>
                    }).collect_view()}
                </div>
                <div class="dialog-actions">
                    <button type="button" on:click=move |_| left()>"Leave it"</button>
                    <button class="primary" type="submit" disabled=self.sending>{word}</button>
                </div>
            </form>
        }
        .into_any()
    }
}

fn focus_first(form: &web_sys::Element) {
    let first = form.query_selector("input, select, textarea").ok().flatten();
    if let Some(field) = first.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = field.focus();
    }
}
