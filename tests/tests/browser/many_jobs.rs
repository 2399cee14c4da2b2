//! A list of 100,000 jobs.

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_tests::browser::Browser;
use taskyard_tests::notes::note;
use taskyard_tests::server::TestServer;
use taskyard_tests::stored;

use crate::board::Board;

const JOBS: u64 = 100_000;
/// What fits on a screen, and some on either side of it.
const MOST_ROWS: u64 = 200;
/// Places at which a scrolled list is shown.
const STEPS: u64 = 300;

#[tokio::test]
async fn a_hundred_thousand_jobs_scroll_and_only_visible_rows_are_in_the_document() -> Result<()> {
    let server = TestServer::start_prepared(&[], |folder| stored::waiting_jobs(folder, JOBS))?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.wait_for_count("Total 100,000").await?;
    for (fraction, jobs) in
        [(0.0, JOBS..=JOBS), (0.5, 45_000..=55_000), (1.0, 1..=1), (0.25, 70_000..=80_000)]
    {
        scroll_to(&board, fraction).await?;
        let (first, last) = (*jobs.start(), *jobs.end());
        let ask = "const ids = [...document.querySelectorAll('[data-job-id]')].map((row) => Number(row.dataset.jobId));
            return ids.some((id) => id >= args[0] && id <= args[1]) && document.querySelectorAll('[role=row]').length";
        let what = format!("job {first} to {last} when it is scrolled to {fraction}");
        let rows = board.page.wait_for(&what, ask, &[json!(first), json!(last)]).await?;
        let rows = rows.as_u64().context("no number of rows")?;
        assert!((1..=MOST_ROWS).contains(&rows), "{rows} rows in the document");
    }
    browser.expect_no_console_errors().await
}

/// Notes how long the first list takes after a reload, and each frame while the list is scrolled from end to end; whether
/// that is fast is for whoever reads it, on a machine that does nothing else.
#[tokio::test]
async fn what_a_long_list_costs_is_noted() -> Result<()> {
    let server = TestServer::start_prepared(&[], |folder| stored::waiting_jobs(folder, JOBS))?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.page.reload().await?;
    let ask = "return document.querySelector('[data-job-id]') && performance.now();";
    let first_list = board.page.wait_for("the first list", ask, &[]).await?;
    let first_list = first_list.as_f64().context("no time")?;
    let scroll = "const [steps] = arguments;
        const list = document.querySelector('[role=table]');
        const long = [];
        const observer = new PerformanceObserver((seen) => seen.getEntries().forEach((task) => long.push(task.duration)));
        observer.observe({ entryTypes: ['longtask'] });
        return new Promise((resolve) => {
            const frames = [];
            let last = null;
            const frame = (now) => {
                if (last !== null) frames.push(now - last);
                last = now;
                if (frames.length === steps) {
                    observer.disconnect();
                    frames.sort((a, b) => a - b);
                    resolve({ longest: frames[steps - 1], median: frames[steps >> 1], long });
                    return;
                }
                list.scrollTop = frames.length / steps * (list.scrollHeight - list.clientHeight);
                requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
        });";
    let frames = board.page.run(scroll, &[json!(STEPS)]).await?;
    let time = |name: &str| frames[name].as_f64().with_context(|| format!("no {name} in {frames}"));
    let (longest, median) = (time("longest")?, time("median")?);
    note(&format!(
        "{JOBS} jobs: first list {first_list:.0} ms after the reload; {STEPS} frames of scrolling: median {median:.1} ms, \
         longest {longest:.1} ms; tasks over 50 ms: {}",
        frames["long"]
    ));
    assert!(longest > 0.0, "{frames}");
    browser.expect_no_console_errors().await
}

/// Scrolls the list: 0.0 is its beginning, 1.0 its end.
async fn scroll_to(board: &Board, fraction: f64) -> Result<()> {
    let scroll = "const [fraction] = arguments;
        const list = document.querySelector('[role=table]');
        list.scrollTop = fraction * (list.scrollHeight - list.clientHeight);";
    board.page.run(scroll, &[json!(fraction)]).await.map(drop)
}
