//! Files dropped on the page. On a form that takes files they are that field's; anywhere else a photo becomes an
//! `image` job: uploaded, then added with the kind's defaults. Says how far the upload is and what came of it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use taskyard_shared::command::{Command, Reply};
use taskyard_shared::job::JobId;
use taskyard_shared::new_job::NewJob;

use super::files;
use super::upload::upload;
use crate::board::{Board, Note};
use crate::state::form;

/// The kind that pictures go to, and its argument that takes the upload.
const IMAGE_KIND: &str = "image";

#[derive(Clone, Debug, PartialEq)]
enum Drop {
    Uploading { name: String, percent: u8 },
    Added { name: String, id: JobId },
    Failed(String),
}

#[component]
pub fn DropZone(board: Board) -> impl IntoView {
    let hovering = RwSignal::new(false);
    let drops = RwSignal::new(Vec::<(u64, Drop)>::new());
    listen(board, hovering, drops);
    view! {
        <div class="drop-hint" class:shown=hovering aria-hidden="true">"Drop a picture to have it resized"</div>
        <ul class="toasts" aria-label="Outcomes">
            <For each=move || drops.get() key=|drop| drop.clone_key() let:drop>
                <li class="toast">
                    {drop_view(&drop.1)}
                    <button class="quiet small" aria-label="Dismiss" on:click=move |_| {
                        drops.update(|drops| drops.retain(|other| other.0 != drop.0));
                    }>{super::icons::icon(super::icons::CLOSE)}</button>
                </li>
            </For>
            {move || board.toasted.get().map(|note| view! {
                <li class="toast"><span class="note" class:error=note.is_error>{note.text}</span></li>
            })}
        </ul>
    }
}

trait DropKey {
    fn clone_key(&self) -> (u64, String);
}

impl DropKey for (u64, Drop) {
    fn clone_key(&self) -> (u64, String) {
        (self.0, format!("{:?}", self.1))
    }
}

fn drop_view(drop: &Drop) -> AnyView {
    match drop {
        Drop::Uploading { name, percent } => view! {
            <span>{format!("Uploading {name}")}</span>
            <progress max="100" value=percent.to_string()></progress>
        }
        .into_any(),
        Drop::Added { name, id } => view! {
            <span>{format!("{name} is ")}<a href=format!("jobs/{id}")>{format!("job {id}")}</a>"."</span>
        }
        .into_any(),
        Drop::Failed(sentence) => view! { <span class="note error">{sentence.clone()}</span> }.into_any(),
    }
}

fn listen(board: Board, hovering: RwSignal<bool>, drops: RwSignal<Vec<(u64, Drop)>>) {
    let over = window_event_listener(leptos::ev::dragover, move |event| {
        if has_files(&event) {
            event.prevent_default();
            let picker = files::picker_at(&event);
            files::mark(picker.as_ref());
            let on_page = picker.is_none();
            if hovering.get_untracked() != on_page {
                hovering.set(on_page);
            }
        }
    });
    let leave = window_event_listener(leptos::ev::dragleave, move |event| {
        if event.related_target().is_none() {
            files::mark(None);
            hovering.set(false);
        }
    });
    let dropped = window_event_listener(leptos::ev::drop, move |event| {
        hovering.set(false);
        files::mark(None);
        if !has_files(&event) {
            return;
        }
        event.prevent_default();
        let Some(dropped) = event.data_transfer().and_then(|data| data.files()) else { return };
        if let Some(picker) = files::picker_at(&event) {
            return files::give(&picker, &dropped);
        }
        for file in files::each(&dropped) {
            spawn_local(take(board, drops, file));
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        dropped.remove();
    });
}

fn has_files(event: &web_sys::DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

async fn take(board: Board, drops: RwSignal<Vec<(u64, Drop)>>, file: web_sys::File) {
    let name = file.name();
    let key = drops.with_untracked(|drops| drops.iter().map(|drop| drop.0 + 1).max().unwrap_or(0));
    let show = move |drop: Drop| {
        drops.update(|drops| match drops.iter_mut().find(|(known, _)| *known == key) {
            Some(slot) => slot.1 = drop,
            None => drops.push((key, drop)),
        });
    };
    show(Drop::Uploading { name: name.clone(), percent: 0 });
    let progress_name = name.clone();
    let sent = move |fraction: f64| {
        show(Drop::Uploading { name: progress_name.clone(), percent: (fraction * 100.0) as u8 });
    };
    let outcome = match upload(file, sent).await {
        Ok(stored) => add(board, &stored.sha256, &name).await,
        Err(sentence) => Err(sentence),
    };
    match outcome {
        Ok(id) => {
            board.announce(format!("{name} is job {id}."));
            show(Drop::Added { name, id });
        }
        Err(sentence) => {
            board.announce(sentence.clone());
            show(Drop::Failed(sentence));
        }
    }
}

async fn add(board: Board, sha256: &str, name: &str) -> Result<JobId, String> {
    let schema = board.kinds.with_untracked(|kinds| {
        kinds.iter().find(|kind| kind.kind == IMAGE_KIND).map(|kind| kind.args_schema.clone())
    });
    let fields = form::fields(&schema.ok_or("This server has no image jobs.")?);
    let mut values = form::initial(&fields);
    for field in &fields {
        match (&field.input, field.name.as_str()) {
            (form::Input::Files { shape, .. }, _) => {
                values.insert(field.pointer.clone(), form::files::typed(shape, &Value::from(sha256)))
            }
            (form::Input::Text { .. }, "name") => values.insert(field.pointer.clone(), name.to_owned()),
            _ => {}
        };
    }
    let args: Value = form::build(&fields, &values).map_err(|errors| {
        let first = errors.first().map(|error| error.message.clone()).unwrap_or_default();
        format!("The picture's job could not be made: {first}")
    })?;
    let job = NewJob::new(IMAGE_KIND, args);
    match board.connection.command(Command::AddJob { job }).await {
        Ok(Reply::JobAdded { id, .. }) => Ok(id),
        outcome => Err(board.told(outcome).text),
    }
}

/// For what has no better place: an action of the palette.
impl Board {
    pub fn toast(self, note: Note) {
        self.announce(note.text.clone());
        self.toasted.set(Some(note.clone()));
        set_timeout(
            move || {
                if self.toasted.with_untracked(|shown| shown.as_ref() == Some(&note)) {
                    self.toasted.set(None);
                }
            },
            std::time::Duration::from_secs(6),
        );
    }
}
