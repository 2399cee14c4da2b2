//! The controls of a form, each with its label, its description and its error.

use leptos::prelude::*;
use taskyard_shared::error::FieldError;

use super::files::file_control;
use crate::reactive::memo;
use crate::state::form::{Field, Input, Values, error_for, has_place, initial, unplaced};

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

    pub fn value(self, pointer: &str) -> String {
        self.values.with(|values| values.get(pointer).cloned().unwrap_or_default())
    }

    /// Fields that are shown only now begin with their defaults, and without errors.
    pub fn begin(self, fields: &[Field]) {
        self.values.update(|values| values.extend(initial(fields)));
        self.forget(fields);
    }

    /// Their errors, and those of fields that came with what was chosen in them.
    fn forget(self, fields: &[Field]) {
        self.values.with_untracked(|values| {
            self.errors.update(|errors| errors.retain(|error| !has_place(fields, values, error)));
        });
    }

    /// What is wrong with fields that are not shown.
    pub fn unplaced(self, fields: &[Field]) -> Vec<String> {
        self.values.with(|values| self.errors.with(|errors| unplaced(fields, values, errors)))
    }

    /// What was wrong with the field is forgotten until the next try.
    pub fn set(self, pointer: &str, value: String) {
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
                <legend>{field.label} {optional(!field.required && !inner.is_empty())}</legend>
                {(!field.description.is_empty()).then(|| view! { <p class="hint">{field.description}</p> })}
                {inner.is_empty().then(|| view! { <p class="hint">"It takes none."</p> })}
                <FieldList fields=inner state/>
                {move || error.get().map(|text| view! { <p class="field-error">{text}</p> })}
            </fieldset>
        }
        .into_any();
    }
    let id = format!("{}{}", state.prefix, field.pointer.replace('/', "-"));
    let error_id = format!("{id}-error");
    let label = field.label.clone();
    let may_be_left = !field.required && !matches!(field.input, Input::Toggle);
    let hint = hint(&field);
    let control = control(&field, &id, state, error);
    let cases = (!field.cases.is_empty()).then(|| cases(field, state));
    view! {
        <div class="field" class:has-error=move || error.with(Option::is_some)>
            <label class="field-label" for=id>
                {label} {optional(may_be_left)}
            </label>
            {control}
            {(!hint.is_empty()).then(|| view! { <p class="hint">{hint}</p> })}
            <p class="field-error" id=error_id role="alert">{move || error.get()}</p>
        </div>
        {cases}
    }
    .into_any()
}

fn optional(may_be_left: bool) -> Option<AnyView> {
    may_be_left
        .then(|| view! { <span class="faint optional" aria-hidden="true">"optional"</span> }.into_any())
}

/// The fields that come with what is chosen.
fn cases(field: Field, state: FormState) -> AnyView {
    let pointer = field.pointer.clone();
    let chosen = memo(move || state.value(&pointer));
    (move || chosen.with(|chosen| view! { <FieldList fields=field.case(chosen).to_vec() state/> })).into_any()
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
            // Also if what was chosen once is none of the choices any more.
            let offers_none = memo(move || !required || value.with(String::is_empty));
            let field = field.clone();
            let chosen = move |event: web_sys::Event| {
                let at = event_target_value(&event);
                state.forget(std::slice::from_ref(&field));
                state.begin(field.case(&at));
                set(at);
            };
            view! {
                <select id=id aria-describedby=described aria-invalid=invalid on:change=chosen>
                    {move || offers_none.get().then(|| view! {
                        <option value="" prop:selected=move || value.with(String::is_empty)>"–"</option>
                    })}
                    {options.into_iter().enumerate().map(|(at, label)| view! {
                        <option value=at.to_string() prop:selected=move || value.get() == at.to_string()>{label}</option>
                    }).collect_view()}
                </select>
            }
            .into_any()
        }
        Input::Files { shape, max, .. } => file_control(field, shape.clone(), *max, &id, state),
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
