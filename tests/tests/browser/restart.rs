//! The server goes and comes back: the page says so, and shows the same jobs.

use anyhow::Result;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

#[tokio::test]
async fn the_page_reconnects_after_the_plug_was_pulled_and_its_rows_are_intact() -> Result<()> {
    let mut server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.add_demo("finished before", "1").await?;
    board.add_demo("running then", "3").await?;
    board.add_demo("waiting then", "1").await?;
    let finished = board.id_of("finished before").await?;
    let running = board.id_of("running then").await?;
    let waiting = board.id_of("waiting then").await?;
    board.wait_for_state(finished, "completed").await?;
    board.wait_for_state(running, "processing").await?;

    server.kill9()?;
    // The word may be the one or the other; what counts is that the page does not claim to be live.
    board.page.select("[data-connection=\"reconnecting\"], [data-connection=\"stale\"]").await?;
    board.wait_for_state(waiting, "pending").await?;

    server.restart()?;
    board.wait_for_connection("live").await?;
    board.wait_for_state(finished, "completed").await?;
    board.wait_for_state(running, "completed").await?;
    board.wait_for_state(waiting, "completed").await?;
    board.wait_for_count("Total 3").await?;
    // The connection's own failures stand in the console; the page's code must not have.
    let errors = browser.take_console_errors().await?;
    let panics: Vec<&String> = errors.iter().filter(|error| error.contains("panicked")).collect();
    assert!(panics.is_empty(), "{panics:?}");
    Ok(())
}

#[tokio::test]
async fn a_graceful_stop_ends_with_code_0_and_the_page_says_that_it_is_not_live() -> Result<()> {
    let mut server = TestServer::start_with(&["--deadline", "1"])?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.add_demo("kept", "30").await?;
    let id = board.id_of("kept").await?;
    let status = server.stop()?;
    assert_eq!(status.code(), Some(0), "{}", server.log());
    board.page.select("[data-connection=\"reconnecting\"], [data-connection=\"stale\"]").await?;
    server.restart()?;
    board.wait_for_connection("live").await?;
    board.wait_for_state(id, "processing").await.map(drop)
}
