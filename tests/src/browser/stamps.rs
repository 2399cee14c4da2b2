//! When things happen on pages, by clocks that can be compared.
//!
//! `performance.timeOrigin + performance.now()` counts milliseconds since the Unix epoch with parts of
//! thousandths, and is one clock for all windows of one browser. A stamp is set up before the action that it is
//! about, and taken by the page itself: the time that commands take on their way plays no part.

use anyhow::{Context, Result};
use serde_json::json;

use super::page::Page;

/// A reading of the browser's clock that a page will take, or has taken.
pub struct Stamp {
    page: Page,
    key: String,
}

impl Page {
    /// Takes the time when the page's text first has `text`.
    pub async fn stamp_text(&self, text: &str) -> Result<Stamp> {
        self.set_up(text, include_str!("stamp_text.js")).await
    }

    /// Takes the time of the next click in this window, as the browser says when it was.
    pub async fn stamp_click(&self) -> Result<Stamp> {
        self.set_up("click", include_str!("stamp_click.js")).await
    }

    async fn set_up(&self, key: &str, script: &str) -> Result<Stamp> {
        self.run(script, &[json!(key)]).await?;
        Ok(Stamp { page: self.clone(), key: key.to_owned() })
    }
}

impl Stamp {
    /// The reading, as soon as it has been taken: milliseconds since the Unix epoch.
    pub async fn time_ms(&self) -> Result<f64> {
        let what = format!("\"{}\", whose time is to be taken", self.key);
        let taken =
            self.page.wait_for(&what, "return window.taskyardStamps[args[0]]", &[json!(self.key)]).await?;
        taken.as_f64().context("the page's clock gave no number")
    }
}
