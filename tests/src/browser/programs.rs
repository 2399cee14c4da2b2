//! The two programs that make a browser: Chromium, and the driver that takes commands for it.
//!
//! Chromium is started here and not by its driver, so that it ends here: by its process id, also when a test
//! panics, and with it every process of its own.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;

use crate::output::Output;
use crate::patience;

const CHROMIUM: &str = "chromium";
const DRIVER: &str = "chromedriver";
/// Nothing but the page under test: no first-run dialogs, no calls to other hosts, no sandbox (root has none),
/// and no window slowed down because another one covers it. The last makes the accessible roles and names that
/// Chromium works out visible to scripts.
const FLAGS: [&str; 16] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-port=0",
    "--window-size=1280,800",
    "--lang=en-US",
    "--enable-blink-features=ComputedAccessibilityInfo",
];

/// Both programs, running, and the folder that is the browser's whole memory.
pub struct Programs {
    chromium: Program,
    driver: Program,
    _profile: TempDir,
}

impl Programs {
    pub fn start() -> Result<Self> {
        let profile =
            TempDir::with_prefix("taskyard-browser-").context("cannot make a folder for the browser")?;
        let mut profile_flag = std::ffi::OsString::from("--user-data-dir=");
        profile_flag.push(profile.path());
        let mut chromium = Command::new(CHROMIUM);
        chromium.args(FLAGS).arg(profile_flag).arg("about:blank");
        let mut driver = Command::new(DRIVER);
        driver.arg("--port=0");
        Ok(Programs {
            chromium: Program::start(chromium)?,
            driver: Program::start(driver)?,
            _profile: profile,
        })
    }

    /// Where Chromium takes the driver's commands: host and port.
    pub fn chromium_address(&self) -> Result<String> {
        let rest = self.chromium.line_after("DevTools listening on ws://")?;
        Ok(rest.split('/').next().unwrap_or_default().to_owned())
    }

    /// Where the driver takes ours.
    pub fn driver_url(&self) -> Result<String> {
        let port = self.driver.line_after("was started successfully on port ")?;
        Ok(format!("http://127.0.0.1:{}", port.trim_end_matches('.')))
    }
}

struct Program {
    name: String,
    child: Child,
    output: Output,
}

impl Program {
    fn start(mut command: Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Without a bus to talk to, Chromium would fill its log with the lack of one.
        command.env("DBUS_SESSION_BUS_ADDRESS", OsStr::new("disabled:"));
        let mut child = command.spawn().with_context(|| {
            format!("cannot start {name}, which the browser tests need: `cargo xtask tools` installs it")
        })?;
        let output = Output::of(&mut child)?;
        Ok(Program { name, child, output })
    }

    fn line_after(&self, marker: &str) -> Result<String> {
        let line = self.output.line_after(marker, patience::START);
        line.ok_or_else(|| anyhow!("{} did not start; it said:\n{}", self.name, self.output.text()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
