//! A photo dropped on the page becomes resized copies that the page shows.

use anyhow::{Context, Result};
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

/// Paints a picture and drops it on the page, as from the desktop.
const DROP_PICTURE: &str = "
    const canvas = document.createElement('canvas');
    canvas.width = 1200;
    canvas.height = 800;
    const paint = canvas.getContext('2d');
    const colours = paint.createLinearGradient(0, 0, 1200, 800);
    colours.addColorStop(0, 'teal');
    colours.addColorStop(1, 'gold');
    paint.fillStyle = colours;
    paint.fillRect(0, 0, 1200, 800);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
    const data = new DataTransfer();
    data.items.add(new File([blob], 'holiday.png', { type: 'image/png' }));
    const drop = { dataTransfer: data, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent('dragover', drop));
    document.body.dispatchEvent(new DragEvent('drop', drop));
";

#[tokio::test]
async fn a_dropped_picture_becomes_an_image_job_whose_copies_are_shown() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.page.run(DROP_PICTURE, &[]).await?;
    let id = board.id_of("holiday.png").await?;
    board.wait_for_state(id, "completed").await?;
    board.page.goto(&server.url(&format!("/jobs/{id}"))).await?;
    // Shown means loaded: the server gave the bytes and the browser could read them as a picture.
    let ask =
        "const shown = [...document.querySelectorAll('main img')].filter((image) => image.naturalWidth > 0);
        return shown.length > 0 && shown.map((image) => image.naturalWidth)";
    let widths = board.page.wait_for("pictures", ask, &[]).await?;
    let widths: Vec<u64> = serde_json::from_value(widths)?;
    let smallest = widths.iter().min().context("no picture")?;
    assert!(*smallest < 1200, "no picture is smaller than the original: {widths:?}");
    browser.expect_no_console_errors().await
}
