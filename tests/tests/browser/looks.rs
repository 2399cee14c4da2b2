//! How the board looks: light, dark, and on a phone. The pictures are for people to look at; what a machine can
//! tell is checked. The README's picture is made here too.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::json;
use taskyard_tests::browser::{Browser, Scheme};
use taskyard_tests::server::TestServer;

use crate::board::Board;

/// Jobs of the queue `demo` that run at the same time in these pictures.
const AT_A_TIME: u32 = 3;
/// Set to write the README's picture where the README shows it.
const WRITE: &str = "TASKYARD_WRITE_SCREENSHOT";

#[tokio::test]
async fn the_board_looks_right_in_light_and_dark_and_fits_a_phone() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    fill(&board).await?;
    // A laptop, with the form out of the way: it is the list that should be seen.
    board.page.set_screen(1440, 900).await?;
    board.page.click("button", "Close the form").await?;
    let mut backgrounds = Vec::new();
    for (scheme, name) in [(Scheme::Light, "light"), (Scheme::Dark, "dark")] {
        board.page.set_scheme(scheme).await?;
        let background =
            board.page.run("return getComputedStyle(document.body).backgroundColor", &[]).await?;
        backgrounds.push(background);
        board.page.screenshot(&screenshots()?.join(format!("{name}.png"))).await?;
    }
    assert_ne!(backgrounds[0], backgrounds[1], "dark looks like light");
    if env::var_os(WRITE).is_some() {
        board.page.set_scheme(Scheme::Light).await?;
        let readme_picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/board.png");
        board.page.screenshot(&readme_picture).await?;
    }
    board.page.set_screen(360, 740).await?;
    for (path, name) in [("/", "phone"), ("/source", "phone-source"), ("/jobs/1", "phone-job")] {
        board.page.goto(&server.url(path)).await?;
        board.wait_for_connection("live").await?;
        let ask = "const root = document.documentElement;
            return document.querySelector('main')?.innerText.length > 20 && [root.scrollWidth, innerWidth]";
        let widths = board.page.wait_for("something to read", ask, &[]).await?;
        board.page.screenshot(&screenshots()?.join(format!("{name}.png"))).await?;
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{path} scrolls sideways at 360 px: {widths}");
    }
    browser.expect_no_console_errors().await
}

/// Something of everything: done, failed, running, waiting, cancelled.
async fn fill(board: &Board) -> Result<()> {
    for _ in 1..AT_A_TIME {
        board.page.click("button", "Raise concurrency of demo").await?;
    }
    for name in ["Send the newsletter", "Bill the customers", "Back up the wiki", "Renew the certificates"] {
        add(board, name, 1.0, 0.0).await?;
    }
    add(board, "Import orders.csv", 1.0, 1.0).await?;
    for (name, duration) in
        [("Resize the gallery", 20.0), ("Transcode the talk", 12.0), ("Crawl the docs", 30.0)]
    {
        add(board, name, duration, 0.0).await?;
    }
    for name in ["Rebuild the search index", "Nightly report", "Warm the cache", "Sync the address book"] {
        add(board, name, 5.0, 0.0).await?;
    }
    let cancelled = board.id_of("Nightly report").await?;
    board.page.click("button", &format!("Cancel job {cancelled}")).await?;
    board.wait_for_state(cancelled, "cancelled").await?;
    let running = board.id_of("Resize the gallery").await?;
    board.wait_for_progress(running, 10).await.map(drop)
}

async fn add(board: &Board, name: &str, duration: f64, failure_chance: f64) -> Result<()> {
    let args = json!({ "name": name, "duration": duration, "failure_chance": failure_chance });
    board.api("POST", "/jobs", &json!({ "kind": "demo", "args": args })).await.map(drop)
}

/// `target/screenshots`, wherever the target folder is.
fn screenshots() -> Result<PathBuf> {
    let test = env::current_exe()?;
    let target = test.ancestors().nth(3).context("this test lies in no target folder")?;
    Ok(target.join("screenshots"))
}
