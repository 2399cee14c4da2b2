//! What one window does, the other shows, and how soon.

use anyhow::Result;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

const ADDS: usize = 50;
const MEDIAN_AT_MOST_MS: f64 = 100.0;

/// A server and two windows that show its board.
async fn two_windows() -> Result<(TestServer, Browser, Board, Board)> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let first = Board::open(&browser, &server).await?;
    let second = Board::open(&browser, &server).await?;
    Ok((server, browser, first, second))
}

#[tokio::test]
async fn a_job_added_in_one_window_is_in_the_other_within_100_ms() -> Result<()> {
    let (_server, browser, first, second) = two_windows().await?;
    let mut times_ms = Vec::new();
    for lap in 1..=ADDS {
        let name = format!("lap {lap:02} of {ADDS}");
        first.fill_demo(&name, "1").await?;
        let seen = second.page.stamp_text(&name).await?;
        let clicked = first.page.stamp_click().await?;
        first.page.click("button", "Add job").await?;
        times_ms.push(seen.time_ms().await? - clicked.time_ms().await?);
        first.wait_for_empty_form().await?;
    }
    times_ms.sort_by(f64::total_cmp);
    let median_ms = times_ms[ADDS / 2];
    println!(
        "from click to the other window: median {median_ms:.1} ms, slowest {:.1} ms",
        times_ms[ADDS - 1]
    );
    assert!(times_ms[0] > 0.0, "a job was seen before it was added: {times_ms:?}");
    assert!(median_ms <= MEDIAN_AT_MOST_MS, "the median is {median_ms:.1} ms: {times_ms:?}");
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn progress_and_the_numbers_move_in_the_other_window() -> Result<()> {
    let (_server, browser, first, second) = two_windows().await?;
    second.wait_for_count("Total 0").await?;
    first.add_demo("watched", "3").await?;
    first.add_demo("waits behind it", "1").await?;
    let id = second.id_of("watched").await?;
    second.wait_for_state(id, "processing").await?;
    second.wait_for_count("Processing 1").await?;
    second.wait_for_count("Pending 1").await?;
    second.wait_for_count("Total 2").await?;
    let early = second.wait_for_progress(id, 0).await?;
    let later = second.wait_for_progress(id, early).await?;
    assert!(later > early);
    second.wait_for_state(id, "completed").await?;
    second.wait_for_count("Completed 2").await?;
    second.wait_for_count("Processing 0").await?;
    second.wait_for_count("Pending 0").await?;
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn cancelling_a_running_job_shows_in_the_other_window_and_lets_the_next_one_start() -> Result<()> {
    let (_server, browser, first, second) = two_windows().await?;
    first.add_demo("long", "30").await?;
    first.add_demo("next", "30").await?;
    let (long, next) = (second.id_of("long").await?, second.id_of("next").await?);
    second.wait_for_state(long, "processing").await?;
    second.wait_for_state(next, "pending").await?;
    first.page.click("button", &format!("Cancel job {long}")).await?;
    second.wait_for_state(long, "cancelled").await?;
    second.wait_for_state(next, "processing").await?;
    second.wait_for_count("Cancelled 1").await?;
    // What waits can be cancelled too, and what is over cannot.
    first.page.expect_gone("button", &format!("Cancel job {long}")).await?;
    first.page.find("button", &format!("Retry job {long}")).await?;
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn a_paused_queue_starts_nothing_until_it_is_resumed_in_the_other_window() -> Result<()> {
    let (_server, browser, first, second) = two_windows().await?;
    first.page.click("button", "Pause demo").await?;
    second.page.find("button", "Resume demo").await?;
    first.add_demo("held back", "1").await?;
    let id = second.id_of("held back").await?;
    second.wait_for_state(id, "pending").await?;
    second.wait_for_count("Pending 1").await?;
    second.page.click("button", "Resume demo").await?;
    first.page.find("button", "Pause demo").await?;
    first.wait_for_state(id, "completed").await?;
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn clearing_finished_jobs_clears_them_in_the_other_window() -> Result<()> {
    let (_server, browser, first, second) = two_windows().await?;
    first.add_demo("done soon", "1").await?;
    first.add_demo("stays", "30").await?;
    let (done, stays) = (second.id_of("done soon").await?, second.id_of("stays").await?);
    second.wait_for_state(done, "completed").await?;
    first.page.click("button", "Clear finished").await?;
    // It cannot be undone, so it is confirmed by a button that names the number.
    first.page.click("button", "Delete 1 job").await?;
    second.wait_for_no_row(done).await?;
    second.wait_for_state(stays, "processing").await?;
    second.wait_for_count("Completed 0").await?;
    second.wait_for_count("Total 1").await?;
    browser.expect_no_console_errors().await
}
