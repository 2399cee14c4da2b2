//! One browser: its windows, and what they wrote to their consoles.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use super::cdp::TakeConsole;
use super::page::Page;
use super::programs::Programs;
use crate::patience;

/// One browser at a time: on a small machine two of them would measure each other.
static TURN: Mutex<()> = Mutex::const_new(());

/// A running browser. See the module above.
pub struct Browser {
    session: Arc<Session>,
    // In this order they go: the programs end before the next browser may start.
    _programs: Programs,
    _turn: MutexGuard<'static, ()>,
}

/// The connection to the driver, which speaks of one window at a time.
pub(super) struct Session {
    pub client: Client,
    current: Mutex<Option<WindowHandle>>,
}

impl Browser {
    pub async fn start() -> Result<Self> {
        let turn = TURN.lock().await;
        let programs = Programs::start()?;
        let address = programs.chromium_address()?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(&address)?);
        let client = builder.connect(&programs.driver_url()?).await.context("the driver gives no session")?;
        let session = Arc::new(Session { client, current: Mutex::new(None) });
        Ok(Browser { session, _programs: programs, _turn: turn })
    }

    /// Opens a page in a new window. Windows and not tabs: a hidden tab paints nothing.
    pub async fn open(&self, url: &str) -> Result<Page> {
        let window = self.session.client.new_window(false).await.context("cannot open a window")?;
        let page = Page::new(Arc::clone(&self.session), window.handle);
        page.goto(url).await?;
        Ok(page)
    }

    /// What the pages wrote to their consoles as errors since the last time, the panics of their code among it.
    pub async fn take_console_errors(&self) -> Result<Vec<String>> {
        let entries = self.session.client.issue_cmd(TakeConsole).await?;
        let entries = entries.as_array().context("the driver's log is no list")?;
        let is_error = |entry: &&Value| entry["level"] == "SEVERE";
        Ok(entries.iter().filter(is_error).map(|entry| entry["message"].to_string()).collect())
    }

    /// Fails when a page wrote an error to its console.
    pub async fn expect_no_console_errors(&self) -> Result<()> {
        let errors = self.take_console_errors().await?;
        if !errors.is_empty() {
            bail!("the page wrote errors to its console:\n{}", errors.join("\n"));
        }
        Ok(())
    }
}

impl Session {
    /// Makes `window` the one that the next commands are about.
    pub async fn turn_to(&self, window: &WindowHandle) -> Result<()> {
        let mut current = self.current.lock().await;
        if current.as_ref() != Some(window) {
            self.client.switch_to_window(window.clone()).await.context("the window is gone")?;
            *current = Some(window.clone());
        }
        Ok(())
    }
}

fn capabilities(chromium: &str) -> Result<Capabilities> {
    let script_ms = patience::SCRIPT.as_millis() as u64;
    let capabilities = json!({
        "goog:chromeOptions": { "debuggerAddress": chromium },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": script_ms, "pageLoad": script_ms },
    });
    serde_json::from_value(capabilities).context("the browser's capabilities are no object")
}
