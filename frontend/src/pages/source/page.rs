//! A list of files at the left, the chosen one with line numbers beside it. The address names the file.

use gloo_net::http::Request;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use serde_json::Value;

use crate::components::upload::error_sentence;
use crate::connection::wire::json::{self, Read, read_member, read_structs};
use crate::reactive::memo;
use crate::state::address::percent_encode;
use crate::state::highlight::{Token, tokens};

/// `GET /api/v1/source`
#[derive(Clone, Debug, PartialEq)]
struct Source {
    version: String,
    files: Vec<SourceFile>,
}

#[derive(Clone, Debug, PartialEq)]
struct SourceFile {
    path: String,
    text: String,
}

read_structs! {
    Source { version, files }
    SourceFile { path, text }
}

async fn fetch() -> Result<Source, String> {
    let unreachable = |_| "The server cannot be reached right now. Try again in a moment.".to_owned();
    let response = Request::get("api/v1/source").send().await.map_err(unreachable)?;
    let text = response.text().await.map_err(unreachable)?;
    if !response.ok() {
        let sentence = error_sentence(&text);
        return Err(
            sentence.unwrap_or_else(|| format!("The server answered with status {}.", response.status()))
        );
    }
    json::read(&text).ok_or_else(|| "The server's answer cannot be read.".to_owned())
}

#[component]
pub fn SourcePage() -> impl IntoView {
    let source = RwSignal::new(None::<Result<Source, String>>);
    let load = move || {
        spawn_local(async move {
            let answer = fetch().await;
            let _shown = source.try_set(Some(answer));
        });
    };
    load();
    view! {
        {move || match source.get() {
            None => view! { <p class="plain-page faint">"Asking for the source…"</p> }.into_any(),
            Some(Ok(source)) => view! { <Files source/> }.into_any(),
            Some(Err(sentence)) => view! {
                <section class="plain-page">
                    <h1>"Source"</h1>
                    <p class="note error">{sentence}</p>
                    <p><button on:click=move |_| load()>"Try again"</button></p>
                </section>
            }.into_any(),
        }}
    }
}

#[component]
fn Files(source: Source) -> impl IntoView {
    let query = use_query_map();
    let paths: Vec<String> = source.files.iter().map(|file| file.path.clone()).collect();
    let files = StoredValue::new(source.files);
    let shown = memo(move || {
        let named = query.with(|query| query.get("file"));
        files.with_value(|files| {
            let at = named.and_then(|path| files.iter().position(|file| file.path == path));
            at.unwrap_or(0)
        })
    });
    view! {
        <div class="source">
            <nav class="source-files" aria-label="Files">
                <h1>"Source"</h1>
                <p class="faint">{format!("What this server, version {}, was built from.", source.version)}</p>
                <ul>
                    {paths.into_iter().enumerate().map(|(at, path)| view! {
                        <li>
                            <a
                                href=format!("source?file={}", percent_encode(&path))
                                aria-current=move || (shown.get() == at).then_some("true")
                            >
                                {path.clone()}
                            </a>
                        </li>
                    }).collect_view()}
                </ul>
            </nav>
            {move || files.with_value(|files| files.get(shown.get()).map(|file| view! { <Code file=file.clone()/> }))}
        </div>
    }
}

#[component]
fn Code(file: SourceFile) -> impl IntoView {
    let lines = file.text.lines().map(|line| {
        let pieces = tokens(line).into_iter().map(|(token, text)| match token {
            Token::Plain => text.to_owned().into_any(),
            token => view! { <span class=token.class()>{text.to_owned()}</span> }.into_any(),
        });
        view! { <li><code>{pieces.collect_view()}</code></li> }
    });
    view! {
        <section class="source-text" aria-label=file.path.clone()>
            <h2>{file.path.clone()}</h2>
            <ol class="lines" tabindex="0">{lines.collect_view()}</ol>
        </section>
    }
}
