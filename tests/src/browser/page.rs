//! One window and the page in it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use super::cdp::CdpCommand;
use super::session::Session;
use crate::patience;

/// Asks a question of the page until the answer is yes: at every change, before every frame, until a deadline.
/// `%ASK%` is the body of a function; its `args` are the script's.
const WAIT: &str = include_str!("wait.js");

/// The colours that the viewer's system asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A window. It may be cloned; both are the same window.
#[derive(Clone)]
pub struct Page {
    pub(super) session: Arc<Session>,
    window: WindowHandle,
}

impl Page {
    pub(super) fn new(session: Arc<Session>, window: WindowHandle) -> Self {
        Page { session, window }
    }

    pub async fn goto(&self, url: &str) -> Result<()> {
        self.turn_to().await?;
        self.session.client.goto(url).await.with_context(|| format!("cannot open {url}"))
    }

    pub async fn reload(&self) -> Result<()> {
        self.turn_to().await?;
        Ok(self.session.client.refresh().await?)
    }

    /// Runs the body of a function in the page; it finds its arguments in `arguments`.
    pub async fn run(&self, script: &str, args: &[Value]) -> Result<Value> {
        self.turn_to().await?;
        self.session
            .client
            .execute(script, args.to_vec())
            .await
            .with_context(|| format!("in the script: {script}"))
    }

    /// Waits until `ask`, the body of a function of `args`, gives something other than nothing, and returns it.
    /// `what` completes the sentence "the page does not show …".
    pub async fn wait_for(&self, what: &str, ask: &str, args: &[Value]) -> Result<Value> {
        self.turn_to().await?;
        let script = WAIT.replace("%ASK%", ask);
        let patience_ms = patience::PAGE.as_millis() as u64;
        let args = vec![json!(patience_ms), json!(args)];
        let answer = self.session.client.execute_async(&script, args).await;
        let mut answer = answer.with_context(|| format!("while waiting for {what}"))?;
        if answer["found"].is_null() {
            let why = answer["error"].as_str().unwrap_or("not in time");
            let text = answer["text"].as_str().unwrap_or_default();
            bail!("the page does not show {what} ({why}). It shows:\n{text}");
        }
        Ok(answer["found"].take())
    }

    /// Waits until the page's text has `text`.
    pub async fn wait_for_text(&self, text: &str) -> Result<()> {
        let ask = "return document.body.innerText.includes(args[0])";
        self.wait_for(&format!("\"{text}\""), ask, &[json!(text)]).await.map(drop)
    }

    /// Writes what the window shows into a PNG file as soon as nothing fades or glides, and makes its folder.
    pub async fn screenshot(&self, file: &Path) -> Result<()> {
        let ask = "const ends = (moving) => moving.effect?.getComputedTiming().endTime !== Infinity;
            return !document.getAnimations().some((moving) => moving.playState === 'running' && ends(moving))";
        self.wait_for("itself at rest", ask, &[]).await?;
        let picture = self.session.client.screenshot().await?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, picture).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Gives the page a screen of this size, in CSS pixels, as a phone would.
    pub async fn set_screen(&self, width: u32, height: u32) -> Result<()> {
        let params =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.cdp("Emulation.setDeviceMetricsOverride", params).await?;
        let ask = "return innerWidth === args[0]";
        self.wait_for(&format!("itself {width} px wide"), ask, &[json!(width)]).await.map(drop)
    }

    pub async fn set_scheme(&self, scheme: Scheme) -> Result<()> {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let feature = json!({ "name": "prefers-color-scheme", "value": value });
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await.map(drop)
    }

    /// Sends a command of Chromium's own protocol to this window.
    pub async fn cdp(&self, method: &'static str, params: Value) -> Result<Value> {
        self.turn_to().await?;
        let answer = self.session.client.issue_cmd(CdpCommand { method, params }).await;
        answer.with_context(|| format!("the browser refuses {method}"))
    }

    pub(super) async fn turn_to(&self) -> Result<()> {
        self.session.turn_to(&self.window).await
    }
}
