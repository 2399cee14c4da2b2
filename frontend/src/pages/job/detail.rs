//! The job itself, once it is known.

use leptos::prelude::*;
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobState, JobSummary};

use super::attempts::Attempts;
use super::delete::DeleteDialog;
use super::facts::{Dependencies, Options};
use super::head::Head;
use super::log::{LogModel, LogPanel};
use super::result::{ErrorText, JobResult, JsonBlock};
use super::why::Why;
use crate::board::Board;
use crate::format;
use crate::reactive::{Show, memo};
use crate::state::address::percent_encode;
use crate::state::job_facts::Side;

/// `stale` counts up when the details have to be asked for again though the row has not changed.
#[component]
pub fn Detail(
    board: Board,
    id: JobId,
    detail: Memo<Option<JobDetail>>,
    current: Memo<Option<JobSummary>>,
    stale: RwSignal<u32>,
) -> impl IntoView {
    let state = memo(move || current.with(|job| job.as_ref().map_or(JobState::Pending, |job| job.state)));
    let has_not_begun = memo(move || state.get().is_first());
    let result = part(detail, |detail| detail.result.clone().map(|result| (result, detail.reused)));
    let error = part(detail, |detail| detail.error.clone());
    let args = part(detail, |detail| Some(detail.args.clone()));
    let log = LogModel::start(board, id);
    view! {
        <Head board id current state/>
        <Show when=has_not_begun>
            <Why board id current changed=stale/>
        </Show>
        <Dependencies side=Side::After jobs=part(detail, |detail| detail.after.clone())/>
        <Dependencies side=Side::Before jobs=part(detail, |detail| detail.before.clone())/>
        <Artifacts id files=part(detail, |detail| detail.artifacts.clone())/>
        {move || error.get().map(|error| view! { <ErrorText error/> })}
        {move || result.get().map(|(result, reused)| view! { <JobResult result reused/> })}
        <LogPanel board model=log/>
        <Attempts board log attempts=part(detail, |detail| detail.attempts.clone())/>
        <section aria-labelledby="args-title">
            <h2 id="args-title">"Arguments"</h2>
            {move || args.get().map(|args| view! { <JsonBlock value=args/> })}
        </section>
        <Inputs files=part(detail, |detail| detail.inputs.clone())/>
        <Options board detail/>
        <DeleteDialog board id/>
    }
}

/// A part of the details that is drawn anew only when it changes.
fn part<T>(detail: Memo<Option<JobDetail>>, get: fn(&JobDetail) -> T) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    memo(move || detail.with(|detail| detail.as_ref().map(get).unwrap_or_default()))
}

fn is_picture(file: &FileRef) -> bool {
    file.media_type.starts_with("image/")
}

#[component]
fn Artifacts(id: JobId, files: Memo<Vec<FileRef>>) -> impl IntoView {
    let file_view = move |file: FileRef| {
        let href = format!("api/v1/jobs/{id}/artifacts/{}", percent_encode(&file.name));
        let text = format!("{}, {}", file.name, format::bytes(file.bytes));
        view! {
            <li>
                {is_picture(&file).then(|| view! {
                    <a href=href.clone() target="_blank" rel="external noopener"><img src=href.clone() alt=file.name.clone() loading="lazy"/></a>
                })}
                <a href=href.clone() download=file.name.clone() rel="external">{text}</a>
            </li>
        }
    };
    view! {
        <Show when=move || !files.with(Vec::is_empty)>
            <section aria-labelledby="artifacts-title">
                <h2 id="artifacts-title">"Files it made"</h2>
                <ul class="artifacts">{move || files.get().into_iter().map(file_view).collect_view()}</ul>
            </section>
        </Show>
    }
}

#[component]
fn Inputs(files: Memo<Vec<FileRef>>) -> impl IntoView {
    view! {
        <Show when=move || !files.with(Vec::is_empty)>
            <section aria-labelledby="inputs-title">
                <h2 id="inputs-title">"Files it was given"</h2>
                <ul class="inputs">
                    {move || files.get().into_iter().map(|file| view! {
                        <li title=format!("SHA-256 {}", file.sha256)>
                            {file.name} <span class="faint">{format!(" {} · {}", file.media_type, format::bytes(file.bytes))}</span>
                        </li>
                    }).collect_view()}
                </ul>
            </section>
        </Show>
    }
}
