//! The memory of a server and of its idle tabs: the server is a process of its own, so that it has nothing of theirs.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::cli::bench::args::WatchHostArgs;
use crate::cli::bench::figures::memory_of;
use crate::cli::bench::host::Host;
use crate::cli::bench::run::{failed, not_once_more, once_more};
use crate::cli::bench::tabs::{TabFigures, Tabs};
use crate::cli::error::{CliError, Exit};
use crate::cli::output;

/// Bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IdleMemory {
    pub server_bytes: u64,
    pub tabs: u32,
    /// What the server held more with the tabs open, by their number.
    pub per_tab_bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Ready {
    address: SocketAddr,
}

/// The process: a yard that does nothing until its input ends.
pub async fn run(args: WatchHostArgs) -> Result<Exit, CliError> {
    let host = Host::start(&args.dir, 1).await?;
    output::json_line(&Ready { address: host.address })?;
    let end_of_input =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    let read = end_of_input.await.map_err(|error| failed("the reading ended", error))?;
    read.map_err(|error| failed("the input cannot be read", error))?;
    host.stop().await?;
    Ok(Exit::Done)
}

/// None where the system does not tell.
pub async fn idle_memory(dir: &Path, tabs: u32) -> Result<Option<IdleMemory>, CliError> {
    let mut child = once_more()?
        .args(["watch-host", "--dir"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(not_once_more)?;
    let process = child.id();
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line).await.map_err(not_once_more)?;
    }
    let said = |error| failed("the server in a process of its own said something else", error);
    let Ready { address } = serde_json::from_str(&line).map_err(said)?;
    let alone = process.and_then(memory_of);
    let open = Tabs::open(address, tabs).await?;
    let with_tabs = process.and_then(memory_of);
    if let Some(open) = Tabs::close(open).await? {
        TabFigures::check(open)?;
    }
    drop(child.stdin.take());
    let ended = child.wait().await.map_err(not_once_more)?;
    if !ended.success() {
        return Err(failed("the server in a process of its own failed", ended));
    }
    Ok(alone.zip(with_tabs).map(|(alone, with_tabs)| IdleMemory {
        server_bytes: alone,
        tabs,
        per_tab_bytes: with_tabs.saturating_sub(alone) / u64::from(tabs.max(1)),
    }))
}
