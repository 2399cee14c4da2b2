//! A photo dropped on the page becomes resized copies that the page shows.

use anyhow::Result;
use serde_json::json;
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

/// Of the picture, in pixels.
const WIDTH: u64 = 1200;

/// Paints a picture as wide as its argument says and drops it on the page, as from the desktop.
const DROP_PICTURE: &str = "
    const canvas = document.createElement('canvas');
    canvas.width = arguments[0];
    canvas.height = arguments[0] * 2 / 3;
    const paint = canvas.getContext('2d');
    const colours = paint.createLinearGradient(0, 0, canvas.width, canvas.height);
    colours.addColorStop(0, 'teal');
    colours.addColorStop(1, 'gold');
    paint.fillStyle = colours;
    paint.fillRect(0, 0, canvas.width, canvas.height);
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
    board.page.run(DROP_PICTURE, &[json!(WIDTH)]).await?;
    let id = board.id_of("holiday.png").await?;
    board.wait_for_state(id, "completed").await?;
    board.page.goto(&server.url(&format!("/jobs/{id}"))).await?;
    // Shown means loaded: the server gave the bytes and the browser could read them as a picture.
    let ask = "const images = [...document.querySelectorAll('main img')];
        const widths = images.map((image) => image.naturalWidth);
        return widths.length > 0 && widths.every((width) => width > 0) && widths";
    let widths = board.page.wait_for("the pictures", ask, &[]).await?;
    let widths: Vec<u64> = serde_json::from_value(widths)?;
    assert!(widths.iter().any(|width| *width < WIDTH), "no copy is smaller than the original: {widths:?}");
    browser.expect_no_console_errors().await
}
