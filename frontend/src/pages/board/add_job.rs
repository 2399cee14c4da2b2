//! Adding a job: its kind, then a form made from the kind's schema.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::FieldError;
use taskyard_shared::job::{JobId, NewJob};
use taskyard_shared::kind::KindInfo;

use super::fields::{FieldList, FormState};
use crate::board::Board;
use crate::components::icons;
use crate::connection::exchange::Failure;
use crate::format;
use crate::state::form;

#[component]
pub fn AddJob(board: Board) -> impl IntoView {
    let chosen = RwSignal::new(String::new());
    let kind = Memo::new(move |_| {
        board.kinds.with(|kinds| {
            let named = kinds.iter().find(|kind| kind.kind == chosen.get());
            named.or_else(|| kinds.iter().find(|kind| kind.kind == "demo")).or_else(|| kinds.first()).cloned()
        })
    });
    let names = Memo::new(move |_| {
        board.kinds.with(|kinds| kinds.iter().map(|kind| kind.kind.clone()).collect::<Vec<_>>())
    });
    let is_chosen = move |name: &str| kind.with(|kind| kind.as_ref().is_some_and(|kind| kind.kind == name));
    view! {
        <aside class="add" aria-label="Add a job">
            <div class="dialog-head">
                <h2>"Add a job"</h2>
                <button class="quiet icon" aria-label="Close the form" on:click=move |_| board.adding.set(false)>
                    {icons::icon(icons::CLOSE)}
                </button>
            </div>
            <label class="field">
                <span class="field-label">"Kind of job"</span>
                <select on:change=move |event| chosen.set(event_target_value(&event))>
                    {move || names.get().into_iter().map(|name| view! {
                        <option value=name.clone() selected=is_chosen(&name)>{name.clone()}</option>
                    }).collect_view()}
                </select>
            </label>
            {move || match kind.get() {
                Some(kind) => view! { <KindForm board kind/> }.into_any(),
                None => view! {
                    <p class="faint">"The kinds of job show as soon as the server answers."</p>
                }.into_any(),
            }}
        </aside>
    }
}

/// What came of adding.
#[derive(Clone, Debug, PartialEq)]
enum Result {
    Added(JobId),
    Refused(String),
}

#[component]
fn KindForm(board: Board, kind: KindInfo) -> impl IntoView {
    let fields = StoredValue::new(form::fields(&kind.args_schema));
    let state = FormState {
        values: RwSignal::new(fields.with_value(|fields| form::initial(fields))),
        errors: RwSignal::new(Vec::new()),
        round: RwSignal::new(0),
    };
    let result = RwSignal::new(None::<Result>);
    let sending = RwSignal::new(false);
    let node = NodeRef::<html::Form>::new();
    let name = StoredValue::new(kind.kind.clone());
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if sending.get_untracked() {
            return;
        }
        result.set(None);
        let built =
            fields.with_value(|fields| state.values.with_untracked(|values| form::build(fields, values)));
        let args = match built {
            Ok(args) => args,
            Err(errors) => return state.errors.set(errors),
        };
        state.errors.set(Vec::new());
        sending.set(true);
        spawn_local(async move {
            let job = NewJob { kind: name.get_value(), queue: None, args };
            let outcome = board.connection.command(Command::AddJob { job }).await;
            // The form may have been closed meanwhile.
            let _idle = sending.try_set(false);
            if let Ok(Reply::JobAdded { id }) = outcome {
                board.announce(format!("Job {id} added."));
                state.reset(fields.try_with_value(|fields| form::initial(fields)).unwrap_or_default());
                let _shown = result.try_set(Some(Result::Added(id)));
                return focus_first(node);
            }
            let of_fields = match &outcome {
                Err(Failure::Refused(error)) => error.fields.clone(),
                _ => Vec::new(),
            };
            let _shown = state.errors.try_set(of_fields);
            let _shown = result.try_set(Some(Result::Refused(board.told(outcome).text)));
        });
    };
    // An error at a field that was since changed is no more.
    let homeless =
        Memo::new(move |_| fields.with_value(|fields| state.errors.with(|all| unplaced(fields, all))));
    view! {
        <form node_ref=node novalidate on:submit=submit aria-label=format!("Add a {} job", kind.kind)>
            <p class="faint">{kind.description.clone()} " Waits in queue " <strong>{kind.queue.clone()}</strong> "."</p>
            <FieldList fields=fields.get_value() state/>
            {move || homeless.get().into_iter().map(|text| view! { <p class="note error">{text}</p> }).collect_view()}
            <button class="primary" type="submit" disabled=sending>"Add job"</button>
            <div role="status" class="form-result">
                {move || result.get().map(|result| match result {
                    Result::Added(id) => view! {
                        <p class="note">"Added: " <a href=format!("/jobs/{id}")>{format!("job {id}")}</a></p>
                    }.into_any(),
                    Result::Refused(sentence) => view! { <p class="note error">{sentence}</p> }.into_any(),
                })}
            </div>
        </form>
    }
}

/// Errors that name no field of this form.
fn unplaced(fields: &[form::Field], errors: &[FieldError]) -> Vec<String> {
    fn has_place(fields: &[form::Field], error: &FieldError) -> bool {
        fields.iter().any(|field| match &field.input {
            form::Input::Group(inner) => has_place(inner, error) || error.field == field.pointer,
            _ => form::error_for(std::slice::from_ref(error), field).is_some(),
        })
    }
    errors
        .iter()
        .filter(|error| !has_place(fields, error))
        .map(|error| format::sentence(&error.message))
        .collect()
}

/// Ready for the next one.
fn focus_first(form: NodeRef<html::Form>) {
    use wasm_bindgen::JsCast;
    let first =
        form.try_get_untracked().flatten().and_then(|form| form.query_selector("input, textarea").ok()?);
    if let Some(field) = first.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = field.focus();
    }
}
