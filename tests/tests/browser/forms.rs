//! Forms of kinds that take more than texts and numbers: declared commands, several files, results of earlier jobs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use taskyard_tests::browser::Browser;
use taskyard_tests::server::TestServer;

use crate::board::Board;

/// `greet` says its second line when there is a file called `go` in the folder that the server works in, or after half
/// a minute.
const CONFIGURATION: &str = r#"
[commands.count]
program = "wc"
args = ["{lines}"]
[commands.count.parameters]
lines = { type = "integer", min = 1 }

[commands.greet]
program = "/bin/sh"
description = "Says hello, and later goodbye."
args = ["-c", 'echo "Hello, $1"; for i in $(seq 600); do [ -e "$2/go" ] && break; sleep 0.05; done; echo "Goodbye, $1"', "sh", "{name}", "FOLDER"]
timeout_s = 60
[commands.greet.parameters]
name = { type = "text", max_chars = 40, description = "Whom to greet." }
"#;

fn configure(data: &Path) -> Result<()> {
    let configuration = CONFIGURATION.replace("FOLDER", &data.display().to_string());
    fs::write(data.join("taskyard.toml"), configuration).context("cannot write the configuration")
}

#[tokio::test]
async fn a_declared_command_is_added_from_its_own_fields_and_its_lines_show_while_it_runs() -> Result<()> {
    let server = TestServer::start_prepared(&[], configure)?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.open_form().await?;
    board.page.find("combobox", "Kind of job").await?.press("command").await?;
    board.page.find("textbox", "Lines").await?;
    board.page.find("combobox", "Command").await?.press("greet").await?;
    board.page.expect_gone("textbox", "Lines").await?;
    board.page.wait_for_text("Whom to greet.").await?;
    board.page.click("button", "Add job").await?;
    board.page.wait_for_text("Fill this in.").await?;
    board.page.fill("textbox", "Name", "Ada").await?;
    board.page.click("button", "Add job").await?;

    let id = board.id_of("greet").await?;
    board.page.goto(&server.url(&format!("/jobs/{id}"))).await?;
    board.page.wait_for_text("Hello, Ada").await?;
    board.wait_for_state(id, "processing").await?;
    fs::write(server.data_folder().join("go"), "")?;
    board.page.wait_for_text("Goodbye, Ada").await?;
    board.wait_for_state(id, "completed").await?;
    browser.expect_no_console_errors().await
}

/// Paints so many pictures and drops them on the form, as from the desktop.
const DROP_PICTURES: &str = "
    const data = new DataTransfer();
    for (let at = 1; at <= arguments[0]; at++) {
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [90, 60];
        const paint = canvas.getContext('2d');
        paint.fillStyle = `hsl(${at * 30} 70% 50%)`;
        paint.fillRect(0, 0, canvas.width, canvas.height);
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        data.items.add(new File([blob], `photo-${at}.png`, { type: 'image/png' }));
    }
    const drop = { dataTransfer: data, bubbles: true, cancelable: true };
    const form = document.querySelector('.add form');
    form.dispatchEvent(new DragEvent('dragover', drop));
    form.dispatchEvent(new DragEvent('drop', drop));
";

#[tokio::test]
async fn several_files_dropped_on_a_form_become_one_job_in_the_order_of_its_list() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.open_form().await?;
    board.page.find("combobox", "Kind of job").await?.press("contact").await?;
    board.page.select(".picker").await?;
    board.page.run(DROP_PICTURES, &[json!(10)]).await?;
    wait_for_files(&board, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).await?;
    board.page.click("button", "Remove photo-3.png").await?;
    board.page.click("button", "Move photo-2.png up").await?;
    let order = [2, 1, 4, 5, 6, 7, 8, 9, 10];
    wait_for_files(&board, &order).await?;
    board.page.click("button", "Add job").await?;

    let id = board.id_of("contact-sheet").await?;
    board.wait_for_state(id, "completed").await?;
    let job = board.api("GET", &format!("/jobs/{id}"), &Value::Null).await?;
    let pictures = job["args"]["pictures"].as_array().into_iter().flatten();
    let names: Vec<Value> = pictures.map(|file| file["name"].clone()).collect();
    assert_eq!(names, order.map(photo));
    wait_for_files(&board, &[]).await?;
    board.page.goto(&server.url(&format!("/jobs/{id}"))).await?;
    let ask = "const sheet = document.querySelector('main img'); return sheet?.naturalWidth > 0 && sheet.naturalWidth";
    let width = board.page.wait_for("the sheet", ask, &[]).await?;
    // Five cells of 320 pixels, and margins of 16.
    assert_eq!(width, 1696);
    browser.expect_no_console_errors().await
}

#[tokio::test]
async fn where_one_file_is_taken_the_first_of_several_is_kept_and_that_is_said() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.open_form().await?;
    board.page.find("combobox", "Kind of job").await?.press("image").await?;
    board.page.select(".picker").await?;
    board.page.run(DROP_PICTURES, &[json!(3)]).await?;
    wait_for_files(&board, &[1]).await?;
    board.page.wait_for_text("At most 1 file: 2 left out.").await?;
    board.page.run(DROP_PICTURES, &[json!(1)]).await?;
    wait_for_files(&board, &[1]).await?;
    let ask = "return !document.querySelector('.picker').innerText.includes('left out')";
    board.page.wait_for("no more of what was left out", ask, &[]).await?;
    browser.expect_no_console_errors().await
}

fn photo(number: u32) -> String {
    format!("photo-{number}.png")
}

/// Waits until the form lists these photos, all of them uploaded.
async fn wait_for_files(board: &Board, photos: &[u32]) -> Result<()> {
    let names: Vec<String> = photos.iter().copied().map(photo).collect();
    let ask = "const picker = document.querySelector('.picker');
        const rows = [...(picker?.querySelectorAll('li') ?? [])];
        const names = rows.map((row) => row.querySelector('.file-name').innerText);
        const stored = rows.every((row) => / (B|KiB)$/.test(row.querySelector('.file-about').innerText));
        return picker && stored && names.join() === args[0].join()";
    board.page.wait_for(&format!("the files {names:?}"), ask, &[json!(names)]).await.map(drop)
}

#[tokio::test]
async fn a_job_that_may_take_an_earlier_result_says_whose_it_took() -> Result<()> {
    let server = TestServer::start()?;
    let browser = Browser::start().await?;
    let board = Board::open(&browser, &server).await?;
    board.fill_demo("count the wagons", "1").await?;
    board.page.select("details.options summary").await?.click().await?;
    board.page.fill("textbox", "Take an earlier result", "1 h").await?;
    board.page.click("button", "Add job").await?;
    let first = board.id_of("count the wagons").await?;
    board.wait_for_state(first, "completed").await?;
    board.wait_for_empty_form().await?;
    board.fill_demo("count the wagons", "1").await?;
    board.page.fill("textbox", "Take an earlier result", "1 h").await?;
    board.page.click("button", "Add job").await?;
    let second = first + 1;
    board.wait_for_state(second, "completed").await?;
    board.page.goto(&server.url(&format!("/jobs/{second}"))).await?;
    board.page.wait_for_text("the work was not done again").await?;
    let link = board.page.select(".reused a").await?;
    assert_eq!(link.text().await?, format!("#{first}"));
    browser.expect_no_console_errors().await
}
