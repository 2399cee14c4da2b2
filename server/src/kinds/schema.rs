//! A kind's JSON Schema: made from its Rust type, compiled once, and asked about every job.

use jsonschema::Validator;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use taskyard_shared::error::FieldError;

use super::results::Places;
use super::sentences;

/// Most wrong fields that one answer names.
const MAX_FIELD_ERRORS: usize = 20;

/// JSON Schema 2020-12 of `T`, without references, so that a form can be made of it as it stands.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// # Errors
/// `schema` is not a valid one.
pub(super) fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::draft202012::new(schema).map_err(|error| error.to_string())
}

/// What is wrong with `args`: one sentence for each field, at most [`MAX_FIELD_ERRORS`]. What stands at the `open`
/// places is not judged: it will be something else.
pub(super) fn complaints(
    validator: &Validator,
    schema: &Value,
    args: &Value,
    open: &Places,
) -> Vec<FieldError> {
    if validator.is_valid(args) {
        return Vec::new();
    }
    let mut found: Vec<FieldError> = Vec::new();
    for error in validator.iter_errors(args).filter(|error| !open.covers(error.instance_path().as_str())) {
        for complaint in sentences::of(&error, schema) {
            if found.len() == MAX_FIELD_ERRORS {
                return found;
            }
            if found.iter().all(|earlier| earlier.field != complaint.field) {
                found.push(complaint);
            }
        }
    }
    found
}
