//! `taskyard kinds`.

use serde_json::Value;
use taskyard::shared::kind::KindInfo;

use crate::cli::args::ClientArgs;
use crate::cli::arguments::Schema;
use crate::cli::client::Api;
use crate::cli::error::{CliError, Exit};
use crate::cli::format::plain;
use crate::cli::output::{self, Form};

pub async fn run(args: ClientArgs) -> Result<Exit, CliError> {
    let answer = Api::new(&args)?.get(&["kinds"], &[]).await?;
    if args.form() == Form::Json {
        output::json(&answer.json)?;
        return Ok(Exit::Done);
    }
    let kinds: Vec<KindInfo> = answer.part("kinds")?;
    for kind in &kinds {
        describe(kind)?;
    }
    Ok(Exit::Done)
}

fn describe(kind: &KindInfo) -> Result<(), CliError> {
    output::line(&format!("{} (queue {}): {}", kind.kind, kind.queue, plain(&kind.description)))?;
    let schema = Schema::new(&kind.args_schema);
    for (name, property) in schema.properties() {
        let about = property.text("description").or_else(|| property.text("title")).unwrap_or_default();
        let line = format!("  {name:<16} {} {}", plain(about), remarks(schema, name, property));
        output::line(line.trim_end())?;
    }
    Ok(())
}

/// Whether it must be given, what stands for it otherwise, what is allowed, how to give it.
fn remarks(schema: Schema<'_>, name: &str, property: Schema<'_>) -> String {
    let mut remarks = Vec::new();
    if schema.is_required(name) {
        remarks.push("required".to_owned());
    }
    if property.is_upload() {
        remarks.push("give it with --file".to_owned());
    }
    let bound = |key: &str| property.value(key).map(Value::to_string);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => remarks.push(format!("{least} to {most}")),
        (Some(least), None) => remarks.push(format!("at least {least}")),
        (None, Some(most)) => remarks.push(format!("at most {most}")),
        (None, None) => {}
    }
    if !property.choices().is_empty() {
        remarks.push(format!("one of {}", property.choices().join(", ")));
    }
    remarks.extend(bound("default").map(|value| format!("default {value}")));
    if remarks.is_empty() { String::new() } else { format!("[{}]", remarks.join("; ")) }
}
