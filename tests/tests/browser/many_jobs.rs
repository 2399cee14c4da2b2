//! A list of 100,000 jobs.

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

const JOBS: u64 = 100_000;
/// What fits on a screen, and some on either side of it.
const MOST_ROWS: u64 = 200;

#[tokio::test]
async fn a_hundred_thousand_jobs_scroll_and_only_visible_rows_are_in_the_document() -> Result<()> {
    let server = TestServer::start_with_jobs(JOBS)?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.wait_for_count("Total 100,000").await?;
    let newest = format!("[data-job-id=\"{JOBS}\"]");
    board.page.select(&newest).await?;
    let mut lowest = JOBS;
    for _ in 0..20 {
        lowest = scroll_on(&board, lowest).await?;
        let rows = board.page.run("return document.querySelectorAll('[data-job-id]').length", &[]).await?;
        let rows = rows.as_u64().context("no number of rows")?;
        assert!((1..=MOST_ROWS).contains(&rows), "{rows} rows in the document");
    }
    // Far beyond what one view of the server holds.
    assert!(lowest < JOBS - 600, "twenty screens down the oldest row is still job {lowest}");
    browser.expect_no_console_errors().await
}

/// Scrolls the list to the end of what it has, and returns the lowest job number that is visible then.
async fn scroll_on(board: &Board, lowest: u64) -> Result<u64> {
    let scroll = "let part = document.querySelector('[data-job-id]');
        while (part && part.scrollHeight <= part.clientHeight + 1) part = part.parentElement;
        part ??= document.scrollingElement;
        part.scrollTop = part.scrollTop + 40 * part.clientHeight / 20 * 2;";
    board.page.run(scroll, &[]).await?;
    let ask =
        "const ids = [...document.querySelectorAll('[data-job-id]')].map((row) => Number(row.dataset.jobId));
        const lowest = Math.min(...ids);
        return lowest < args[0] && lowest";
    let found = board.page.wait_for(&format!("a job before {lowest}"), ask, &[json!(lowest)]).await?;
    found.as_u64().context("no job number")
}
