//! What somebody meets who has never been here: an empty page that teaches, and the source.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

#[tokio::test]
async fn the_empty_page_offers_real_things_to_run_and_says_how_to_call_the_api() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.wait_for_count("Total 0").await?;
    board.page.wait_for_text("curl").await?;
    board.page.wait_for_text(&server.url("/api/v1/jobs")).await?;
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn the_source_page_shows_the_sources_compiled_into_this_server() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.page.click("link", "Source").await?;
    for name in ["server/src/queue/actor.rs", "server/src/pubsub/actor.rs", "server/src/session/actor.rs"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        let source = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        board.page.click("link", name).await?;
        // The whole file as it is in the repository, line by line.
        let ask = "const lines = [...document.querySelectorAll(`section[aria-label=\"${args[0]}\"] code`)];
            return lines.map((line) => line.textContent).join('\\n') === args[1].trimEnd()";
        board.page.wait_for(&format!("the source of {name}"), ask, &[json!(name), json!(source)]).await?;
    }
    browser.expect_no_console_errors().await
}
