//! The form of one kind: its fields, the options that all kinds share, and what came of sending them.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::FieldError;
use taskyard_shared::job::JobId;
use taskyard_shared::kind::KindInfo;
use taskyard_shared::new_job::NewJob;

use crate::board::Board;
use crate::components::fields::{FieldList, FormState};
use crate::components::time;
use crate::connection::exchange::{Failure, Outcome};
use crate::reactive::memo;
use crate::state::form::{self, options};

/// What came of adding.
#[derive(Clone, Debug, PartialEq)]
enum Result {
    Added(JobId),
    /// Another job had its unique key.
    Known(JobId),
    Refused(String),
}

/// A handle; copies are the same form.
#[derive(Clone, Copy)]
struct AddForm {
    board: Board,
    kind: StoredValue<String>,
    fields: StoredValue<Vec<form::Field>>,
    args: FormState,
    options: FormState,
    result: RwSignal<Option<Result>>,
    sending: RwSignal<bool>,
    node: NodeRef<html::Form>,
}

impl AddForm {
    fn new(board: Board, kind: &KindInfo) -> Self {
        let fields = form::fields(&kind.args_schema);
        AddForm {
            board,
            kind: StoredValue::new(kind.kind.clone()),
            args: FormState::new("field", form::initial(&fields)),
            options: FormState::new("option", form::initial(&options::fields())),
            fields: StoredValue::new(fields),
            result: RwSignal::new(None),
            sending: RwSignal::new(false),
            node: NodeRef::new(),
        }
    }

    fn submit(self) {
        if self.sending.get_untracked() {
            return;
        }
        self.result.set(None);
        let Some(job) = self.job() else { return };
        let focused = document().active_element();
        // What is typed while it is under way would be lost when it has been added.
        self.sending.set(true);
        spawn_local(async move {
            let outcome = self.board.connection.command(Command::AddJob { job }).await;
            // The form may have been closed meanwhile.
            let _idle = self.sending.try_set(false);
            let is_added = matches!(outcome, Ok(Reply::JobAdded { .. }));
            self.hear(outcome);
            // When its fields can be typed in again.
            request_animation_frame(move || {
                let first = || {
                    self.node.try_get_untracked().flatten()?.query_selector("input, select, textarea").ok()?
                };
                focus(if is_added { first() } else { focused.filter(|_| nothing_has_focus()) });
            });
        });
    }

    /// The job as it was typed, or errors at the fields.
    fn job(self) -> Option<NewJob> {
        let values = self.args.values;
        let args =
            self.fields.with_value(|fields| values.with_untracked(|values| form::build(fields, values)));
        let mut job = NewJob::new(self.kind.get_value(), Value::Null);
        let optional = match half_filled(self.node) {
            Some(error) => Err(vec![error]),
            None => self.options.values.with_untracked(|typed| options::apply(typed, time::to_utc, &mut job)),
        };
        let of_options = optional.err().unwrap_or_default();
        let is_good = of_options.is_empty();
        self.show_option_errors(of_options);
        match args {
            Ok(args) => {
                self.args.errors.set(Vec::new());
                job.args = args;
                is_good.then_some(job)
            }
            Err(errors) => {
                self.args.errors.set(errors);
                None
            }
        }
    }

    fn hear(self, outcome: Outcome) {
        if let Ok(Reply::JobAdded { id, is_new }) = outcome {
            self.board.announce(self.board.told(outcome).text);
            let empty =
                |values: &form::Values| self.fields.try_with_value(|fields| form::again(fields, values));
            self.args.reset(self.args.values.try_with_untracked(empty).flatten().unwrap_or_default());
            self.options.reset(form::initial(&options::fields()));
            let result = if is_new { Result::Added(id) } else { Result::Known(id) };
            let _shown = self.result.try_set(Some(result));
            return;
        }
        if let Err(Failure::Refused(error)) = &outcome {
            self.show_errors(&error.fields);
        }
        let _shown = self.result.try_set(Some(Result::Refused(self.board.told(outcome).text)));
    }

    /// Each error of the server at its field: of the arguments, or else of the options.
    fn show_errors(self, errors: &[FieldError]) {
        let has_place = |error: &FieldError| {
            let is_in = |values: &form::Values| {
                self.fields.try_with_value(|fields| form::has_place(fields, values, error)) == Some(true)
            };
            self.args.values.try_with_untracked(is_in) == Some(true)
        };
        let (mut of_args, mut of_options) = (Vec::new(), Vec::new());
        for error in errors {
            match options::claim(error).filter(|_| !has_place(error)) {
                Some(claimed) => of_options.push(claimed),
                None => of_args.push(error.clone()),
            }
        }
        let _shown = self.args.errors.try_set(of_args);
        self.show_option_errors(of_options);
    }

    /// An error must not hide behind the closed disclosure.
    fn show_option_errors(self, errors: Vec<FieldError>) {
        let form = self.node.try_get_untracked().flatten().filter(|_| !errors.is_empty());
        if let Some(details) = form.and_then(|form| form.query_selector(".options").ok()?) {
            let _open = details.set_attribute("open", "");
        }
        let _shown = self.options.errors.try_set(errors);
    }
}

#[component]
pub fn KindForm(board: Board, kind: KindInfo) -> impl IntoView {
    let form = AddForm::new(board, &kind);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        form.submit();
    };
    // An error at a field that was since changed is no more.
    let homeless = memo(move || form.fields.with_value(|fields| form.args.unplaced(fields)));
    view! {
        <form node_ref=form.node novalidate on:submit=submit aria-label=format!("Add a {} job", kind.kind)>
            <p class="faint">{kind.description.clone()} " Waits in queue " <strong>{kind.queue.clone()}</strong> "."</p>
            <fieldset class="whole-form" disabled=form.sending>
                <FieldList fields=form.fields.get_value() state=form.args/>
                <details class="options">
                    <summary>"Options"</summary>
                    <FieldList fields=options::fields() state=form.options/>
                </details>
            </fieldset>
            {move || homeless.get().into_iter().map(|text| view! { <p class="note error">{text}</p> }).collect_view()}
            <button class="primary" type="submit" disabled=form.sending>"Add job"</button>
            <div role="status" class="form-result">{move || form.result.get().map(result_view)}</div>
        </form>
    }
}

fn result_view(result: Result) -> AnyView {
    let link = |id: JobId| view! { <a href=format!("jobs/{id}")>{format!("job {id}")}</a> };
    match result {
        Result::Added(id) => view! { <p class="note">"Added: " {link(id)}</p> }.into_any(),
        Result::Known(id) => {
            view! { <p class="note">"Not new: " {link(id)} " has the same unique key."</p> }.into_any()
        }
        Result::Refused(sentence) => view! { <p class="note error">{sentence}</p> }.into_any(),
    }
}

/// A day without a time is no value at all to the browser: only the control knows that something was typed.
fn half_filled(form: NodeRef<html::Form>) -> Option<FieldError> {
    let control = "input[type=datetime-local]:invalid";
    form.get_untracked()?.query_selector(control).ok()??;
    Some(FieldError {
        field: options::RUN_AT.to_owned(),
        message: "A day and a time, or neither.".to_owned(),
    })
}

fn nothing_has_focus() -> bool {
    let focused = document().active_element();
    focused.is_none_or(|element| element.tag_name() == "BODY")
}

fn focus(element: Option<web_sys::Element>) {
    use wasm_bindgen::JsCast;
    if let Some(field) = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = field.focus();
    }
}
