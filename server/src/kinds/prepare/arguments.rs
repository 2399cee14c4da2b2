//! The arguments, checked against their kind as far as they are known.

use serde_json::Value;
use taskyard_shared::error::FieldError;
use taskyard_shared::limits::MAX_NAME_CHARS;

use crate::kinds::erased::ReadArgs;
use crate::kinds::registry::Kind;
use crate::kinds::results::{Places, STAND_IN, Source, settle, settle_files, stand_in};
use crate::kinds::schema::complaints;
use crate::kinds::worker::{Label, UploadArg};

/// Arguments as they are stored, and what their kind makes of them.
pub(super) struct Arguments {
    pub json: String,
    pub label: Label,
    pub uploads: Vec<UploadArg>,
    /// Where it may wait; empty: anywhere.
    pub queues: Vec<String>,
    /// Results of the jobs it comes after, or their numbers, are put into them when an attempt begins.
    pub takes_results: bool,
}

/// What is wrong is added to `wrong`; without anything to make a job of there is no answer. `resolve` says where the
/// result of an earlier job comes from.
pub(super) fn read(
    kind: &Kind,
    mut args: Value,
    resolve: impl Fn(Source) -> Result<Source, String>,
    wrong: &mut Vec<FieldError>,
) -> Option<Arguments> {
    let schema = &kind.worker.info().args_schema;
    let open = settle(&mut args, &resolve, wrong);
    let names_places = settle_files(&mut args, schema, &resolve, wrong);
    let found = complaints(&kind.validator, schema, &args, &open);
    let mut read = if open.is_empty() {
        read_whole(kind, args, found, wrong)?
    } else {
        read_open(kind, &args, &open, found, wrong)?
    };
    read.takes_results |= names_places;
    Some(read)
}

fn read_whole(
    kind: &Kind,
    args: Value,
    found: Vec<FieldError>,
    wrong: &mut Vec<FieldError>,
) -> Option<Arguments> {
    let by_schema = found.len();
    wrong.extend(found);
    match kind.worker.read(args) {
        Ok(ReadArgs { json, label, uploads, queues, complaints }) => {
            note_new(complaints, wrong);
            Some(Arguments { json, label, uploads, queues, takes_results: false })
        }
        Err(message) => {
            // The schema usually said so already, in better words.
            if by_schema == 0 {
                wrong.push(FieldError { field: String::new(), message });
            }
            None
        }
    }
}

/// Where results are still to come, the kind is asked about arguments with something in their place. What it says
/// about them counts only as far as that is not about these.
fn read_open(
    kind: &Kind,
    args: &Value,
    open: &Places,
    found: Vec<FieldError>,
    wrong: &mut Vec<FieldError>,
) -> Option<Arguments> {
    wrong.extend(found);
    let (stand_ins, only_text) = stand_in(args, &kind.worker.info().args_schema);
    let mut label = Label { name: kind.name.to_string(), detail: STAND_IN.to_owned() };
    let (mut uploads, mut queues) = (Vec::new(), Vec::new());
    if let Ok(read) = kind.worker.read(stand_ins) {
        note_new(read.complaints.into_iter().filter(|found| !open.covers(&found.field)).collect(), wrong);
        uploads =
            read.uploads.into_iter().filter(|upload| !open.covers(&upload.field)).map(nameable).collect();
        label.name = read.label.name;
        queues = read.queues;
        if only_text {
            label.detail = read.label.detail;
        }
    }
    Some(Arguments { json: args.to_string(), label, uploads, queues, takes_results: true })
}

/// An upload whose name is still to come gets one that says what it is.
fn nameable(upload: UploadArg) -> UploadArg {
    if upload.name == STAND_IN { UploadArg { name: String::new(), ..upload } } else { upload }
}

/// Adds what is about other fields than those that are wrong already.
fn note_new(found: Vec<FieldError>, wrong: &mut Vec<FieldError>) {
    let new: Vec<FieldError> =
        found.into_iter().filter(|found| wrong.iter().all(|earlier| earlier.field != found.field)).collect();
    wrong.extend(new);
}

/// Text as a list shows it: without line breaks, and cut.
pub(super) fn one_line(text: &str) -> String {
    let mut chars = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = chars.by_ref().take(MAX_NAME_CHARS).collect();
    if chars.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}
