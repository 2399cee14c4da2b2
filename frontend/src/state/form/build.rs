//! From what was typed to arguments, or to the errors at their fields.

use serde_json::{Map, Number, Value};
use taskyard_shared::error::FieldError;
use taskyard_shared::limits::is_identifier;

use super::files;
use super::model::{Field, Input, Item, Shape};
use crate::few::Few;
use crate::format;
use crate::state::span;

/// What stands in each control, by the field's pointer: text as typed, `true` or `false` for a toggle, the
/// position for a choice.
pub type Values = Few<String, String>;

/// The form as it is offered: defaults filled in.
pub fn initial(fields: &[Field]) -> Values {
    filled(fields, None)
}

/// The form with what there is already, and defaults where there is nothing.
pub fn filled(fields: &[Field], present: Option<&Value>) -> Values {
    let mut values = Values::default();
    fill(fields, present, &mut values);
    values
}

/// The form as it is offered, but for the choices on which other fields hang: they stay as they were made.
pub fn again(fields: &[Field], values: &Values) -> Values {
    let made =
        |field: &Field| Some((field.name.clone(), value_of(field, values.get(&field.pointer)?).ok()??));
    let kept = fields.iter().filter(|field| !field.cases.is_empty()).filter_map(made).collect();
    filled(fields, Some(&Value::Object(kept)))
}

fn fill(fields: &[Field], outer: Option<&Value>, values: &mut Values) {
    for field in fields {
        let given = outer.and_then(|outer| outer.get(&field.name)).filter(|value| !value.is_null());
        let default = given.or(field.default.as_ref());
        if let Input::Group(inner) = &field.input {
            fill(inner, default, values);
            continue;
        }
        let typed = as_typed(field, default);
        fill(field.case(&typed), outer, values);
        values.insert(field.pointer.clone(), typed);
    }
}

fn as_typed(field: &Field, value: Option<&Value>) -> String {
    match (&field.input, value) {
        (Input::Toggle, value) => value.and_then(Value::as_bool).unwrap_or(false).to_string(),
        (Input::Choice(choices), value) => match value {
            Some(value) => choices.iter().position(|choice| choice == value).map(|at| at.to_string()),
            None if field.required => Some("0".to_owned()),
            None => None,
        }
        .unwrap_or_default(),
        (_, None) => String::new(),
        (Input::Lines { .. }, Some(Value::Array(items))) => {
            items.iter().map(plain).collect::<Vec<_>>().join("\n")
        }
        (Input::Pairs, Some(Value::Object(pairs))) => pairs
            .iter()
            .map(|(name, value)| format!("{name}: {}", plain(value)))
            .collect::<Vec<_>>()
            .join("\n"),
        (Input::Json, Some(value)) => format!("{value:#}"),
        (Input::Files { shape, .. }, Some(value)) => files::typed(shape, value),
        (Input::Span { .. }, Some(value)) => value.as_u64().map(format::period).unwrap_or_default(),
        (_, Some(value)) => plain(value),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // 3.0 is offered as 3.
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), format::decimal),
        other => other.to_string(),
    }
}

/// The arguments, or what is wrong with them. Optional fields left empty are left out.
pub fn build(fields: &[Field], values: &Values) -> Result<Value, Vec<FieldError>> {
    let mut errors = Vec::new();
    let args = build_object(fields, values, &mut errors);
    if errors.is_empty() { Ok(Value::Object(args)) } else { Err(errors) }
}

fn build_object(fields: &[Field], values: &Values, errors: &mut Vec<FieldError>) -> Map<String, Value> {
    let mut object = Map::new();
    for field in fields {
        if let Input::Group(inner) = &field.input {
            // What may be left out is, unless somebody began to fill it in.
            if !field.required && is_untouched(inner, values) {
                continue;
            }
            let group = build_object(inner, values, errors);
            if field.required || !group.is_empty() {
                object.insert(field.name.clone(), Value::Object(group));
            }
            continue;
        }
        let typed = values.get(&field.pointer).map_or("", String::as_str);
        match value_of(field, typed) {
            Ok(Some(value)) => {
                object.insert(field.name.clone(), value);
            }
            Ok(None) => {}
            Err(message) => errors.push(FieldError { field: field.pointer.clone(), message }),
        }
        object.extend(build_object(field.case(typed), values, errors));
    }
    object
}

fn is_untouched(fields: &[Field], values: &Values) -> bool {
    fields.iter().all(|field| match &field.input {
        Input::Group(inner) => is_untouched(inner, values),
        _ => values.get(&field.pointer).is_none_or(|typed| {
            let as_offered = typed.trim().is_empty() || *typed == as_typed(field, field.default.as_ref());
            as_offered && is_untouched(field.case(typed), values)
        }),
    })
}

fn value_of(field: &Field, typed: &str) -> Result<Option<Value>, String> {
    let trimmed = typed.trim();
    if trimmed.is_empty() {
        return match (&field.input, field.required) {
            (Input::Toggle, _) => Ok(Some(Value::Bool(false))),
            (Input::Files { .. }, true) => Err("Choose a file first.".to_owned()),
            (_, true) => Err("Fill this in.".to_owned()),
            (_, false) => Ok(None),
        };
    }
    match &field.input {
        Input::Text { min_chars, max_chars, .. } => text(typed, *min_chars, *max_chars),
        Input::Number { integer, min, max, step } => {
            number(trimmed, *integer, *min, *max).and_then(|number| in_steps(number, *step))
        }
        Input::Toggle => Ok(Value::Bool(trimmed == "true")),
        Input::Span { min_ms, max_ms } => span::parse_within(trimmed, *min_ms, *max_ms).map(Value::from),
        Input::Choice(choices) => {
            let chosen = trimmed.parse::<usize>().ok().and_then(|at| choices.get(at));
            chosen.cloned().ok_or_else(|| "Choose one.".to_owned())
        }
        Input::Files { shape, min, max } => files::value(shape, *min, *max, trimmed),
        Input::Moment => Ok(Value::String(trimmed.to_owned())),
        Input::Lines { item, min_items, max_items } => lines(typed, *item, *min_items, *max_items),
        Input::Pairs => pairs(typed),
        Input::Group(_) | Input::Json => {
            serde_json::from_str(trimmed).map_err(|error| format!("This is not JSON: {error}."))
        }
    }
    .map(Some)
}

fn text(typed: &str, min_chars: u64, max_chars: Option<u64>) -> Result<Value, String> {
    let chars = typed.chars().count() as u64;
    if chars < min_chars {
        return Err(format!("At least {min_chars} characters."));
    }
    match max_chars {
        Some(max) if chars > max => Err(format!("At most {max} characters; these are {chars}.")),
        _ => Ok(Value::String(typed.to_owned())),
    }
}

fn number(typed: &str, integer: bool, min: Option<f64>, max: Option<f64>) -> Result<Value, String> {
    let decimal = typed.replace(',', ".");
    let number = parse(&decimal).ok_or_else(|| "A number, please.".to_owned())?;
    let outside = min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max);
    match (outside, min, max) {
        (true, Some(min), Some(max)) => {
            return Err(format!("From {} to {}.", format::decimal(min), format::decimal(max)));
        }
        (true, Some(min), None) => return Err(format!("At least {}.", format::decimal(min))),
        (true, None, Some(max)) => return Err(format!("At most {}.", format::decimal(max))),
        _ => {}
    }
    if integer {
        return decimal.parse::<i64>().map(Value::from).map_err(|_| "A whole number, please.".to_owned());
    }
    // A whole number stays one: 3, not 3.0.
    let whole = decimal.parse::<i64>().map(Number::from).ok();
    whole
        .or_else(|| Number::from_f64(number))
        .map(Value::Number)
        .ok_or_else(|| "A number, please.".to_owned())
}

/// Reads a number as JSON has it, but with a plus, and with zeros in front or left out, if somebody likes it so. (The
/// standard library's way is a table of ten kilobytes.)
fn parse(typed: &str) -> Option<f64> {
    let (sign, digits) = match typed.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", typed.strip_prefix('+').unwrap_or(typed)),
    };
    if !digits.trim_start_matches('.').starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let zero = if digits.starts_with(|first: char| first.is_ascii_digit()) { "" } else { "0" };
    let json = format!("{sign}{zero}{digits}");
    serde_json::from_str::<Value>(json.trim_end_matches('.')).ok()?.as_f64()
}

fn in_steps(number: Value, step: Option<f64>) -> Result<Value, String> {
    let steps = number.as_f64().zip(step).map(|(number, step)| number / step);
    match (steps, step) {
        // Tenths are not exact in binary.
        (Some(steps), Some(step)) if (steps - steps.round()).abs() > 1e-6 => {
            Err(format!("In steps of {}.", format::decimal(step)))
        }
        _ => Ok(number),
    }
}

fn lines(typed: &str, item: Item, min_items: u64, max_items: Option<u64>) -> Result<Value, String> {
    // Numbers may also stand on one line.
    let separators: &[char] = if item == Item::Text { &['\n'] } else { &['\n', ' ', ',', ';'] };
    let items: Result<Vec<Value>, String> = typed
        .split(separators)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| match item {
            Item::Text => Ok(Value::String(part.to_owned())),
            Item::Number => {
                number(part, false, None, None).map_err(|_| format!("\"{part}\" is not a number."))
            }
            Item::Integer => {
                number(part, true, None, None).map_err(|_| format!("\"{part}\" is not a whole number."))
            }
        })
        .collect();
    let items = items?;
    let found = items.len() as u64;
    if found < min_items {
        return Err(format!("At least {min_items} of them, one on each line."));
    }
    match max_items {
        Some(max) if found > max => Err(format!("At most {max} of them; these are {found}.")),
        _ => Ok(Value::Array(items)),
    }
}

fn pairs(typed: &str) -> Result<Value, String> {
    let mut object = Map::new();
    for line in typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.trim().is_empty()) else {
            return Err(format!("\"{line}\" should read \"Name: value\"."));
        };
        let (name, value) = (name.trim().to_owned(), Value::String(value.trim().to_owned()));
        if object.contains_key(&name) {
            return Err(format!("\"{name}\" stands there twice."));
        }
        object.insert(name, value);
    }
    Ok(Value::Object(object))
}

/// The errors that belong at this field: its own, and those of values inside it that have no field. A list of files has
/// a row for each.
pub fn error_for(errors: &[FieldError], field: &Field) -> Option<String> {
    match field.input {
        Input::Group(_) | Input::Files { shape: Shape::List, .. } => {
            said(errors, |pointer| pointer == field.pointer)
        }
        _ => error_at(errors, &field.pointer),
    }
}

/// What is said of the value there, and of values inside it.
pub fn error_at(errors: &[FieldError], pointer: &str) -> Option<String> {
    said(errors, |other| is_within(other, pointer))
}

fn said(errors: &[FieldError], of: impl Fn(&str) -> bool) -> Option<String> {
    let own = errors.iter().filter(|error| of(&error.field));
    let messages: Vec<String> = own.map(|error| format::sentence(&error.message)).collect();
    (!messages.is_empty()).then(|| messages.join(" "))
}

fn is_within(pointer: &str, outer: &str) -> bool {
    pointer.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A name as the server takes it.
pub fn identifier(value: &Value, key: &str) -> Result<String, Vec<FieldError>> {
    let name = value[key].as_str().unwrap_or_default().trim();
    if is_identifier(name) {
        return Ok(name.to_owned());
    }
    let message = "Lower-case letters, digits, - and _, a letter first; at most 64 characters.".to_owned();
    Err(vec![FieldError { field: format!("/{key}"), message }])
}

/// What is wrong with fields that this form does not have, or does not show as it is filled in.
pub fn unplaced(fields: &[Field], values: &Values, errors: &[FieldError]) -> Vec<String> {
    let homeless = errors.iter().filter(|error| !has_place(fields, values, error));
    homeless.map(|error| format::sentence(&error.message)).collect()
}

/// The server's error at the field of this form that it is about, if there is one. It names arguments by a pointer
/// into them, `/duration`, and what stands beside them with `$` in place of the first slash, `$rate/count`.
pub fn placed(fields: &[Field], values: &Values, error: &FieldError) -> FieldError {
    let places = match error.field.strip_prefix('$') {
        Some(own) => [format!("/{own}"), format!("/job/{own}")],
        None => [format!("/job/args{}", error.field), error.field.clone()],
    };
    let at = |field| FieldError { field, message: error.message.clone() };
    places.map(at).into_iter().find(|error| has_place(fields, values, error)).unwrap_or_else(|| error.clone())
}

/// Whether the error is about one of these fields, or of those that come with what is chosen in them.
pub fn has_place(fields: &[Field], values: &Values, error: &FieldError) -> bool {
    fields.iter().any(|field| match &field.input {
        Input::Group(inner) => has_place(inner, values, error) || error.field == field.pointer,
        _ => {
            let typed = values.get(&field.pointer).map_or("", String::as_str);
            is_within(&error.field, &field.pointer) || has_place(field.case(typed), values, error)
        }
    })
}
