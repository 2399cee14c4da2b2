//! The browser harness itself, on pages that need no server: what the browser tests take for granted.

use anyhow::Result;
use taskyard_tests::browser::{Browser, Scheme};

const PAGE: &str = "data:text/html,<!doctype html><title>t</title>\
    <h1>Add job</h1>\
    <button aria-label='Cancel job 12'>x</button>\
    <button><span>Add</span> <b>job</b></button>\
    <button hidden>Clear finished</button>\
    <label>Duration <input type=number value=3></label>\
    <p id=out></p>\
    <script>document.querySelectorAll('button')[1].onclick = () => \
    requestAnimationFrame(() => out.textContent = 'added')</script>";

#[tokio::test]
async fn things_are_found_by_role_and_name_and_waited_for() -> Result<()> {
    let browser = Browser::start().await?;
    let page = browser.open(PAGE).await?;
    page.find("heading", "Add job").await?;
    page.find("button", "Cancel job 12").await?;
    page.find_named("Cancel job 12").await?;
    page.expect_gone("button", "Clear finished").await?;
    page.fill("spinbutton", "Duration", "7").await?;
    assert_eq!(page.run("return document.querySelector('input').value", &[]).await?, "7");

    let clicked = page.stamp_click().await?;
    let added = page.stamp_text("added").await?;
    page.click("button", "Add job").await?;
    page.wait_for_text("added").await?;
    let took_ms = added.time_ms().await? - clicked.time_ms().await?;
    assert!((0.0..1000.0).contains(&took_ms), "{took_ms} ms from the click to the text");
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn screens_and_schemes_are_those_asked_for_and_errors_are_seen() -> Result<()> {
    let browser = Browser::start().await?;
    let page = browser.open("data:text/html,<meta name=viewport content='width=device-width'><script>console.error('it broke')</script>").await?;
    page.set_screen(360, 640).await?;
    page.set_scheme(Scheme::Dark).await?;
    assert_eq!(page.run("return matchMedia('(prefers-color-scheme: dark)').matches", &[]).await?, true);
    page.set_scheme(Scheme::Light).await?;
    assert_eq!(page.run("return matchMedia('(prefers-color-scheme: dark)').matches", &[]).await?, false);
    let errors = browser.take_console_errors().await?;
    assert!(errors.iter().any(|error| error.contains("it broke")), "{errors:?}");
    Ok(())
}

#[tokio::test]
async fn two_windows_share_one_clock() -> Result<()> {
    let browser = Browser::start().await?;
    let (first, second) =
        (browser.open("data:text/html,one").await?, browser.open("data:text/html,two").await?);
    let read = "return performance.timeOrigin + performance.now()";
    let mut last = 0.0;
    for page in [&first, &second, &first, &second] {
        let now = page.run(read, &[]).await?.as_f64().unwrap_or_default();
        assert!(now > last, "{now} ms is not after {last} ms");
        last = now;
    }
    Ok(())
}
