//! The board's page in the words of its tests.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use taskyard_tests::browser::{Browser, Element, Page};
use taskyard_tests::server::TestServer;

/// Fields of the form for a `demo` job, by role and name.
pub const NAME: (&str, &str) = ("textbox", "Name");
pub const DURATION: (&str, &str) = ("textbox", "Duration (seconds)");
pub const FAILURE_CHANCE: (&str, &str) = ("textbox", "Failure chance");

/// A window that shows the board.
pub struct Board {
    pub page: Page,
}

impl Board {
    /// Opens the board in a new window and waits until it is live.
    pub async fn open(browser: &Browser, server: &TestServer) -> Result<Self> {
        let board = Board { page: browser.open(&server.url("/")).await? };
        board.wait_for_connection("live").await?;
        Ok(board)
    }

    /// `live`, `reconnecting` or `stale`.
    pub async fn wait_for_connection(&self, word: &str) -> Result<()> {
        let css = format!("[data-connection=\"{word}\"]");
        self.page.select(&css).await.map(drop)
    }

    /// Opens the form for a new job, where it is not open yet.
    pub async fn open_form(&self) -> Result<()> {
        let button = self.page.find("button", "New job").await?;
        if button.attribute("aria-expanded").await?.as_deref() != Some("true") {
            button.click().await?;
        }
        self.page.find("button", "Add job").await.map(drop)
    }

    /// Adds a `demo` job that does not fail, as a person does, and waits until the form is ready for another.
    pub async fn add_demo(&self, name: &str, seconds: &str) -> Result<()> {
        self.fill_demo(name, seconds).await?;
        self.page.click("button", "Add job").await?;
        self.wait_for_empty_form().await
    }

    pub async fn fill_demo(&self, name: &str, seconds: &str) -> Result<()> {
        self.open_form().await?;
        self.page.fill(NAME.0, NAME.1, name).await?;
        self.page.fill(DURATION.0, DURATION.1, seconds).await?;
        self.page.fill(FAILURE_CHANCE.0, FAILURE_CHANCE.1, "0").await
    }

    /// The form is emptied when the server has taken the job, not before.
    pub async fn wait_for_empty_form(&self) -> Result<()> {
        let ask = "const field = [...document.querySelectorAll('form input')]
            .find((input) => input.computedName === args[0]);
            return field && field.value === ''";
        self.page.wait_for("an empty form", ask, &[json!(NAME.1)]).await.map(drop)
    }

    /// The number of the job whose row has this text, as soon as there is one.
    pub async fn id_of(&self, name: &str) -> Result<u64> {
        let ask = "const row = [...document.querySelectorAll('[data-job-id]')]
            .find((row) => row.innerText.includes(args[0]));
            return row && row.dataset.jobId";
        let id = self.page.wait_for(&format!("a row with \"{name}\""), ask, &[json!(name)]).await?;
        id.as_str().and_then(|id| id.parse().ok()).context("the row's data-job-id is no number")
    }

    pub async fn wait_for_state(&self, id: u64, state: &str) -> Result<Element> {
        self.page.select(&format!("[data-job-id=\"{id}\"][data-state=\"{state}\"]")).await
    }

    /// Waits until the row is gone.
    pub async fn wait_for_no_row(&self, id: u64) -> Result<()> {
        let ask = "return !document.querySelector(`[data-job-id=\"${args[0]}\"]`)";
        self.page.wait_for(&format!("itself without job {id}"), ask, &[json!(id)]).await.map(drop)
    }

    /// Waits until the progress bar in the job's row is between its ends, and further on than `over`.
    pub async fn wait_for_progress(&self, id: u64, over: u64) -> Result<u64> {
        let ask = "const bar = document.querySelector(`[data-job-id=\"${args[0]}\"] [role=progressbar]`);
            const now = bar && Number(bar.getAttribute('aria-valuenow'));
            return now > args[1] && now < 100 && now";
        let what = format!("progress of job {id} over {over} %");
        let percent = self.page.wait_for(&what, ask, &[json!(id), json!(over)]).await?;
        percent.as_u64().context("progress is no whole number")
    }

    /// Waits until the tile says so, such as `Pending 3`.
    pub async fn wait_for_count(&self, label: &str) -> Result<Element> {
        self.page.find("link", label).await
    }

    /// Calls the server's API from the page. Fails unless it answers with success.
    pub async fn api(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let script = "const [method, path, body] = arguments;
            const answer = await fetch(`/api/v1${path}`, {
                method,
                headers: { 'content-type': 'application/json' },
                body: method === 'GET' ? undefined : JSON.stringify(body),
            });
            const text = await answer.text();
            if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
            return text ? JSON.parse(text) : null;";
        self.page.run(script, &[json!(method), json!(path), body.clone()]).await
    }
}
