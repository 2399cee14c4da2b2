//! The real server as a child process, on a free port, with a data folder of its own.
//!
//! It ends when its [`TestServer`] is dropped, in a failed test too; then its last lines are shown.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::output::Output;
use crate::patience::{self, until};

/// The line that the server prints when it takes requests, before the address.
const READY: &str = "taskyard is ready on ";

/// A running server. See the module.
pub struct TestServer {
    child: Option<Child>,
    output: Output,
    /// Its address, such as `127.0.0.1:40123`; the same after [`TestServer::restart`].
    address: String,
    args: Vec<String>,
    data: TempDir,
}

impl TestServer {
    /// Starts a server with an empty data folder on a port that the system picks.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// The same, with more arguments for `taskyard serve`.
    pub fn start_with(args: &[&str]) -> Result<Self> {
        Self::start_prepared(args, |_| Ok(()))
    }

    /// The same, with a data folder that `prepare` has filled before.
    pub fn start_prepared(args: &[&str], prepare: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let data = TempDir::with_prefix("taskyard-test-").context("cannot make a data folder")?;
        prepare(data.path())?;
        let mut server = TestServer {
            child: None,
            output: Output::default(),
            address: "127.0.0.1:0".to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            data,
        };
        server.spawn()?;
        Ok(server)
    }

    /// Its address, such as `127.0.0.1:40123`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a page or of a part of the API; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn data_folder(&self) -> &Path {
        self.data.path()
    }

    /// The last lines that it wrote, to both its outputs.
    pub fn log(&self) -> String {
        self.output.text()
    }

    /// Pulls the plug: the process gets no chance to do anything more.
    pub fn kill9(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the server does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager does (SIGTERM), and returns how it ended.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        let mut child = self.child.take().context("the server does not run")?;
        kill_process(Pid::from_child(&child), Signal::TERM)?;
        let ended = until(patience::STOP, || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        ended.with_context(|| format!("the server did not stop; it said:\n{}", self.log()))
    }

    /// Waits until it has ended by itself.
    pub fn wait_for_exit(&mut self, within: Duration) -> Result<ExitStatus> {
        let child = self.child.as_mut().context("the server does not run")?;
        let status = until(within, || Ok(child.try_wait()?))?;
        self.child = None;
        Ok(status)
    }

    /// Starts it again with the same data and on the same address. Call [`TestServer::stop`] or
    /// [`TestServer::kill9`] before.
    pub fn restart(&mut self) -> Result<()> {
        if self.child.is_some() {
            bail!("the server still runs");
        }
        self.spawn()
    }

    fn spawn(&mut self) -> Result<()> {
        let binary = binary()?;
        let mut command = Command::new(&binary);
        command
            .arg("serve")
            .args(["--bind", &self.address])
            .arg("--data")
            .arg(self.data.path())
            .args(&self.args);
        // Its working folder is its own too: a configuration file of the user's must not reach it.
        command
            .current_dir(self.data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
        self.output = Output::of(&mut child)?;
        self.child = Some(child);
        let base = self
            .output
            .line_after(READY, patience::START)
            .ok_or_else(|| anyhow!("the server did not say \"{READY}…\"; it said:\n{}", self.log()))?;
        let address = base.trim().trim_end_matches('/').strip_prefix("http://");
        self.address = address.with_context(|| format!("\"{base}\" is not the server's address"))?.to_owned();
        Ok(())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Errors mean that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.output.show_if_panicking("the server");
    }
}

/// The binary under test: `TASKYARD_BIN`, or what cargo built beside this test.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = env::var_os("TASKYARD_BIN") {
        return Ok(PathBuf::from(path));
    }
    let test = env::current_exe().context("cannot tell where this test lies")?;
    // target/debug/deps/TEST: the binaries lie one folder up.
    let folder = test.parent().and_then(Path::parent).context("this test lies in no target folder")?;
    let binary = folder.join(format!("taskyard{}", env::consts::EXE_SUFFIX));
    if !binary.is_file() {
        bail!(
            "there is no server to test at {}: run the tests with `cargo xtask test tests`, which builds it, or \
             build it with `cargo build -p taskyard --features board`",
            binary.display()
        );
    }
    Ok(binary)
}
