//! How long the tests wait, and how.
//!
//! Long enough for a busy machine, for a test that passes does not wait: it goes on as soon as what it waits
//! for is there. Only what cannot be awaited, such as the end of a process, is looked at again and again.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// For a program to start.
pub const START: Duration = Duration::from_secs(30);
/// For a server to stop: longer than it gives its jobs.
pub const STOP: Duration = Duration::from_secs(40);
/// For something to show on a page.
pub const PAGE: Duration = Duration::from_secs(15);

/// For a script in a page, or a page to load: the driver gives up then. Longer than all waits inside a page.
pub const SCRIPT: Duration = Duration::from_secs(60);

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Asks until the answer is there; fails after `within`.
pub fn until<T>(within: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("nothing after {} s", within.as_secs());
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
}

/// As [`until`], for what is asked over the network.
pub async fn eventually<T>(within: Duration, mut ask: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            bail!("nothing after {} s", within.as_secs());
        }
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}
