//! One job and its page: the form's errors, retrying, the history of attempts.

use anyhow::Result;
use serde_json::json;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::{Board, DURATION, NAME};

#[tokio::test]
async fn a_wrong_field_is_told_at_the_field_and_nothing_is_added() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    for (name, duration, wrong) in
        [("too long", "31", DURATION.1), ("", "3", NAME.1), ("no time", "0", DURATION.1)]
    {
        board.fill_demo(name, duration).await?;
        board.page.click("button", "Add job").await?;
        let told = error_at_field(&board, wrong).await?;
        assert!(!told.is_empty(), "{wrong} says nothing");
    }
    board.wait_for_count("Total 0").await?;
    board.fill_demo("right", "1").await?;
    board.page.click("button", "Add job").await?;
    board.wait_for_empty_form().await?;
    board.wait_for_count("Total 1").await?;
    browser.expect_no_console_errors().await
}

/// The sentence that a screen reader reads with the field called `name`, once the field is marked as wrong.
async fn error_at_field(board: &Board, name: &str) -> Result<String> {
    let ask = "const field = [...document.querySelectorAll('form input')]
        .find((input) => input.computedName === args[0] && input.getAttribute('aria-invalid') === 'true');
        const ids = field && (field.getAttribute('aria-errormessage') || field.getAttribute('aria-describedby'));
        return ids && ids.split(' ').map((id) => document.getElementById(id))
            .filter((told) => told && told.checkVisibility()).map((told) => told.innerText).join(' ')";
    let told = board.page.wait_for(&format!("an error at the field {name}"), ask, &[json!(name)]).await?;
    Ok(told.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_failed_job_tells_why_and_is_run_again_when_somebody_retries_it() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    let args = json!({ "name": "fails", "duration": 1, "failure_chance": 1 });
    board.api("POST", "/jobs", &json!({ "kind": "demo", "args": args })).await?;
    let id = board.id_of("fails").await?;
    board.wait_for_state(id, "failed").await?;
    board.page.click("button", &format!("Retry job {id}")).await?;
    board.wait_for_state(id, "processing").await?;
    board.wait_for_state(id, "failed").await?;

    board.page.goto(&server.url(&format!("/jobs/{id}"))).await?;
    board.page.wait_for_text("failed").await?;
    // Both attempts are in its history.
    let ask = "return (document.body.innerText.match(/attempt\\s+[12]/gi) || []).length >= 2";
    board.page.wait_for("both attempts", ask, &[]).await?;
    board.page.find("button", &format!("Retry job {id}")).await?;
    browser.expect_no_console_errors().await
}
