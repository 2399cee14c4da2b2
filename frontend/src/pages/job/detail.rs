//! The job itself, once it is known.

use leptos::prelude::*;
use taskyard_shared::job::{FileRef, JobDetail, JobId, JobState, JobSummary};

use super::attempts::Attempts;
use super::result::{ErrorText, JobResult, JsonBlock};
use crate::board::Board;
use crate::components::badge::Badge;
use crate::components::job_actions::JobActions;
use crate::components::notes::NoteLine;
use crate::components::progress::ProgressBar;
use crate::components::time::Instant;
use crate::format;
use crate::state::address::percent_encode;

#[component]
pub fn Detail(
    board: Board,
    id: JobId,
    detail: Memo<Option<JobDetail>>,
    current: Memo<Option<JobSummary>>,
) -> impl IntoView {
    let state =
        Memo::new(move |_| current.with(|job| job.as_ref().map_or(JobState::Pending, |job| job.state)));
    let result =
        Memo::new(move |_| detail.with(|detail| detail.as_ref().and_then(|detail| detail.result.clone())));
    let error =
        Memo::new(move |_| detail.with(|detail| detail.as_ref().and_then(|detail| detail.error.clone())));
    let args = Memo::new(move |_| detail.with(|detail| detail.as_ref().map(|detail| detail.args.clone())));
    let attempts = Memo::new(move |_| {
        detail.with(|detail| detail.as_ref().map(|detail| detail.attempts.clone()).unwrap_or_default())
    });
    let artifacts = Memo::new(move |_| {
        detail.with(|detail| detail.as_ref().map(|detail| detail.artifacts.clone()).unwrap_or_default())
    });
    let inputs = Memo::new(move |_| {
        detail.with(|detail| detail.as_ref().map(|detail| detail.inputs.clone()).unwrap_or_default())
    });
    view! {
        <Head board id current state/>
        <Artifacts id files=artifacts/>
        {move || error.get().map(|error| view! { <ErrorText error/> })}
        {move || result.get().map(|result| view! { <JobResult result/> })}
        <section aria-labelledby="args-title">
            <h2 id="args-title">"Arguments"</h2>
            {move || args.get().map(|args| view! { <JsonBlock value=args/> })}
        </section>
        <Inputs files=inputs/>
        <Attempts board attempts/>
    }
}

#[component]
fn Head(board: Board, id: JobId, current: Memo<Option<JobSummary>>, state: Memo<JobState>) -> impl IntoView {
    let fixed = untrack(|| current.get());
    let Some(fixed) = fixed else { return ().into_any() };
    let thousandths =
        Memo::new(move |_| current.with(|job| job.as_ref().map_or(0, |job| job.progress.thousandths())));
    let note = Signal::derive(move || board.note_of(id));
    Effect::new(move |_| document().set_title(&format!("#{id} {} · Taskyard", state.get())));
    on_cleanup(|| document().set_title("Taskyard"));
    view! {
        <header class="job-head" data-job-id=id.to_string() data-state=move || state.get().as_str()>
            <h1><span class="job-number">{format!("#{id}")}</span> " " {fixed.name.clone()}</h1>
            <div class="job-facts">
                <Badge state/>
                <span>{fixed.kind.clone()} {(!fixed.detail.is_empty()).then(|| format!(" · {}", fixed.detail))}</span>
                <span class="faint">{format!("queue {}", fixed.queue)}</span>
                <span class="faint">"added " <Instant epoch_ms=fixed.created_at_ms now=board.clock/></span>
                <span class="push job-actions"><JobActions board id state/></span>
            </div>
            <Show when=move || state.get() == JobState::Processing>
                <div class="job-progress">
                    <ProgressBar thousandths label=format!("Progress of job {id}")/>
                    <span class="percent">{move || format!("{} %", thousandths.get() / 10)}</span>
                </div>
            </Show>
            <NoteLine note/>
        </header>
    }
    .into_any()
}

fn is_picture(file: &FileRef) -> bool {
    file.media_type.starts_with("image/")
}

#[component]
fn Artifacts(id: JobId, files: Memo<Vec<FileRef>>) -> impl IntoView {
    let file_view = move |file: FileRef| {
        let href = format!("/api/v1/jobs/{id}/artifacts/{}", percent_encode(&file.name));
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
