//! The controls of a form, each with its label, its description and its error.

use leptos::prelude::*;
use leptos::task::spawn_local;
use taskyard_shared::error::FieldError;

use super::upload::upload;
use crate::format;
use crate::reactive::{effect, memo};
use crate::state::form::{Field, Input, Values, error_for};

/// A handle; copies are the same form.
#[derive(Clone, Copy)]
pub struct FormState {
    /// What the ids of its controls begin with: two forms may have a field of the same name.
    pub prefix: &'static str,
    pub values: RwSignal<Values>,
    pub errors: RwSignal<Vec<FieldError>>,
    /// Counts the resets: controls that keep something of their own begin anew.
    pub round: RwSignal<u32>,
}

impl FormState {
    pub fn new(prefix: &'static str, initial: Values) -> Self {
        FormState {
            prefix,
            values: RwSignal::new(initial),
            errors: RwSignal::new(Vec::new()),
            round: RwSignal::new(0),
        }
    }

    fn value(self, pointer: &str) -> String {
        self.values.with(|values| values.get(pointer).cloned().unwrap_or_default())
    }

    /// What was wrong with the field is forgotten until the next try.
    fn set(self, pointer: &str, value: String) {
        let inside = format!("{pointer}/");
        if self.errors.with_untracked(|errors| !errors.is_empty()) {
            self.errors
                .update(|errors| errors.retain(|e| e.field != pointer && !e.field.starts_with(&inside)));
        }
        self.values.update(|values| {
            values.insert(pointer.to_owned(), value);
        });
    }

    pub fn reset(self, initial: Values) {
        let _reset = self.values.try_set(initial);
        let _reset = self.errors.try_set(Vec::new());
        self.round.try_update(|round| *round += 1);
    }
}

#[component]
pub fn FieldList(fields: Vec<Field>, state: FormState) -> impl IntoView {
    fields.into_iter().map(|field| field_view(field, state)).collect_view()
}

fn field_view(field: Field, state: FormState) -> AnyView {
    let error = {
        let field = field.clone();
        memo(move || state.errors.with(|errors| error_for(errors, &field)))
    };
    if let Input::Group(inner) = field.input {
        return view! {
            <fieldset class="group">
                <legend>{field.label}</legend>
                <FieldList fields=inner state/>
                {move || error.get().map(|text| view! { <p class="field-error">{text}</p> })}
            </fieldset>
        }
        .into_any();
    }
    let id = format!("{}{}", state.prefix, field.pointer.replace('/', "-"));
    let error_id = format!("{id}-error");
    let label = field.label.clone();
    let optional = !field.required && !matches!(field.input, Input::Toggle);
    let hint = hint(&field);
    let control = control(&field, &id, state, error);
    view! {
        <div class="field" class:has-error=move || error.with(Option::is_some)>
            <label class="field-label" for=id>
                {label} {optional.then(|| view! { <span class="faint optional" aria-hidden="true">"optional"</span> })}
            </label>
            {control}
            {(!hint.is_empty()).then(|| view! { <p class="hint">{hint}</p> })}
            <p class="field-error" id=error_id role="alert">{move || error.get()}</p>
        </div>
    }
    .into_any()
}

/// The schema's description, and how to write what has no control of its own.
fn hint(field: &Field) -> String {
    let how = match &field.input {
        Input::Lines { .. } => "One on each line.",
        Input::Span { .. } => "Such as 30 s, 5 min or 7 d.",
        Input::Pairs => "\"Name: value\" on each line.",
        Input::Json => "As JSON.",
        _ => "",
    };
    [field.description.as_str(), how]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn control(field: &Field, id: &str, state: FormState, error: Memo<Option<String>>) -> AnyView {
    let pointer = StoredValue::new(field.pointer.clone());
    let value = memo(move || pointer.with_value(|pointer| state.value(pointer)));
    let set = move |typed: String| pointer.with_value(|pointer| state.set(pointer, typed));
    let typed = move |event: web_sys::Event| set(event_target_value(&event));
    let invalid = move || error.with(Option::is_some).then_some("true");
    let (id, described) = (id.to_owned(), format!("{id}-error"));
    match &field.input {
        Input::Toggle => view! {
            <input id=id type="checkbox" prop:checked=move || value.get() == "true" aria-describedby=described
                on:change=move |event| set(event_target_checked(&event).to_string())/>
        }
        .into_any(),
        Input::Choice(choices) => {
            let labels = choices
                .iter()
                .map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned));
            let options: Vec<String> = labels.collect();
            let required = field.required;
            view! {
                <select id=id aria-describedby=described aria-invalid=invalid on:change=typed>
                    {(!required).then(|| view! { <option value="" selected=move || value.get().is_empty()>"–"</option> })}
                    {options.into_iter().enumerate().map(|(at, label)| view! {
                        <option value=at.to_string() selected=move || value.get() == at.to_string()>{label}</option>
                    }).collect_view()}
                </select>
            }
            .into_any()
        }
        Input::Upload => {
            view! { <UploadControl id described state set pointer=field.pointer.clone()/> }.into_any()
        }
        Input::Moment => view! {
            <input id=id type="datetime-local" prop:value=value on:change=typed
                aria-describedby=described aria-invalid=invalid/>
        }
        .into_any(),
        Input::Text { long: false, .. } | Input::Number { .. } | Input::Span { .. } => {
            let mode = if matches!(field.input, Input::Number { .. }) { "decimal" } else { "text" };
            view! {
                <input id=id type="text" inputmode=mode autocomplete="off" prop:value=value on:input=typed
                    aria-describedby=described aria-invalid=invalid aria-required=field.required.to_string()/>
            }
            .into_any()
        }
        _ => view! {
            <textarea id=id rows="3" spellcheck="false" prop:value=value on:input=typed
                aria-describedby=described aria-invalid=invalid></textarea>
        }
        .into_any(),
    }
}

/// What the picker knows of its file.
#[derive(Clone, Debug, PartialEq)]
enum Picked {
    Nothing,
    Sending(String, u8),
    Stored(String),
    Failed(String),
}

#[component]
fn UploadControl(
    id: String,
    described: String,
    state: FormState,
    set: impl Fn(String) + Copy + 'static,
    pointer: String,
) -> impl IntoView {
    let picked = RwSignal::new(Picked::Nothing);
    let hovering = RwSignal::new(false);
    effect(move || {
        state.round.track();
        picked.set(Picked::Nothing);
    });
    let take = move |file: web_sys::File| {
        let sibling =
            pointer.rsplit_once('/').map_or_else(String::new, |(parent, _)| format!("{parent}/name"));
        spawn_local(async move {
            let name = file.name();
            let _shown = picked.try_set(Picked::Sending(name.clone(), 0));
            let sending = name.clone();
            let sent = move |fraction: f64| {
                let _shown = picked.try_set(Picked::Sending(sending.clone(), (fraction * 100.0) as u8));
            };
            match upload(file, sent).await {
                Ok(stored) => {
                    set(stored.sha256);
                    name_after(state, &sibling, &name);
                    let _shown =
                        picked.try_set(Picked::Stored(format!("{name}, {}", format::bytes(stored.bytes))));
                }
                Err(sentence) => {
                    let _shown = picked.try_set(Picked::Failed(sentence));
                }
            }
        });
    };
    let take = StoredValue::new_local(take);
    let chosen = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take.with_value(|take| take(file));
        }
        // The same file may be chosen again.
        input.set_value("");
    };
    let dropped = move |event: web_sys::DragEvent| {
        hovering.set(false);
        if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0))
        {
            event.prevent_default();
            take.with_value(|take| take(file));
        }
    };
    view! {
        <div
            class="picker"
            class:hovering=hovering
            on:dragover=move |_| hovering.set(true)
            on:dragleave=move |_| hovering.set(false)
            on:drop=dropped
        >
            <input id=id type="file" aria-describedby=described on:change=chosen/>
            {move || match picked.get() {
                Picked::Nothing => view! { <span class="faint">"Choose a file, or drop it here."</span> }.into_any(),
                Picked::Sending(name, percent) => view! {
                    <span>{name}</span><progress max="100" value=percent.to_string()></progress>
                }.into_any(),
                Picked::Stored(text) => view! { <span class="note">{text}</span> }.into_any(),
                Picked::Failed(sentence) => view! { <span class="note error">{sentence}</span> }.into_any(),
            }}
        </div>
    }
}

/// Fills in an empty name beside the upload.
fn name_after(state: FormState, pointer: &str, file_name: &str) {
    let empty = state.values.with_untracked(|values| values.get(pointer).is_some_and(String::is_empty));
    if empty {
        state.set(pointer, file_name.to_owned());
    }
}
