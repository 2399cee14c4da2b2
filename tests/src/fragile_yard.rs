//! The program `fragile_yard` as a child process: a real server whose parts and jobs fail as they are told.
//!
//! It ends when its [`FragileYard`] is dropped, in a failed test too; then its last lines are shown.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::output::Output;
use crate::patience::{self, until};

const READY: &str = "taskyard is ready on ";

/// How the server is started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Environment variables: `TASKYARD_SHUTDOWN_DEADLINE_S`.
    variables: BTreeMap<String, String>,
    max_file_kib: Option<u32>,
}

impl Settings {
    /// `key` as in the configuration file: `shutdown.deadline_s`.
    pub fn set(mut self, key: &str, value: impl ToString) -> Self {
        self.variables
            .insert(format!("TASKYARD_{}", key.replace('.', "_").to_uppercase()), value.to_string());
        self
    }

    /// The system refuses to let any file grow beyond this, as if the disk were full.
    pub fn max_file_kib(mut self, kib: u32) -> Self {
        self.max_file_kib = Some(kib);
        self
    }
}

/// A running server. See the module.
pub struct FragileYard {
    program: PathBuf,
    settings: Settings,
    child: Option<(Child, ChildStdin)>,
    output: Output,
    address: String,
    data: TempDir,
}

impl FragileYard {
    /// `program`: `env!("CARGO_BIN_EXE_fragile_yard")`, which only tests know.
    pub fn start(program: &str, settings: Settings) -> Result<Self> {
        Self::start_prepared(program, settings, |_| Ok(()))
    }

    /// The same, with a data folder that `prepare` has filled before.
    pub fn start_prepared(
        program: &str,
        settings: Settings,
        prepare: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let data = TempDir::with_prefix("taskyard-test-").context("cannot make a data folder")?;
        let mut yard = FragileYard {
            program: PathBuf::from(program),
            settings,
            child: None,
            output: Output::default(),
            address: "127.0.0.1:0".to_owned(),
            data,
        };
        prepare(&yard.data_folder())?;
        yard.restart()?;
        Ok(yard)
    }

    /// The same after every restart.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A path in a folder that lives as long as the server, and that the server does not touch.
    pub fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    pub fn data_folder(&self) -> PathBuf {
        self.path("data")
    }

    pub fn log(&self) -> String {
        self.output.text()
    }

    /// Gives it a line: see the program.
    pub fn tell(&mut self, line: &str) -> Result<()> {
        let (_, stdin) = self.child.as_mut().context("the server does not run")?;
        writeln!(stdin, "{line}").context("the server does not listen")?;
        Ok(stdin.flush()?)
    }

    /// Memory that it holds, in bytes, as Linux counts it.
    pub fn resident_bytes(&self) -> Result<u64> {
        let (child, _) = self.child.as_ref().context("the server does not run")?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib * 1024)
    }

    /// Pulls the plug: the process gets no chance to do anything more.
    pub fn kill9(&mut self) -> Result<()> {
        let (mut child, _) = self.child.take().context("the server does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager does (SIGTERM).
    pub fn ask_to_stop(&self) -> Result<()> {
        let (child, _) = self.child.as_ref().context("the server does not run")?;
        Ok(kill_process(Pid::from_child(child), Signal::TERM)?)
    }

    /// Waits until it has ended by itself.
    pub fn wait_for_exit(&mut self, within: Duration) -> Result<ExitStatus> {
        let (child, _) = self.child.as_mut().context("the server does not run")?;
        let ended = until(within, || Ok(child.try_wait()?));
        let status = ended.with_context(|| format!("the server did not end; it said:\n{}", self.log()))?;
        self.child = None;
        Ok(status)
    }

    /// Starts it again, with the same data and on the same address.
    pub fn restart(&mut self) -> Result<()> {
        let mut command = self.command();
        command
            .envs(&self.settings.variables)
            .env("TASKYARD_SERVER_BIND", &self.address)
            .env("TASKYARD_DATA_DIR", self.data_folder())
            .current_dir(self.data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        self.output = Output::of(&mut child)?;
        let stdin = child.stdin.take().context("the server's input is not piped")?;
        self.child = Some((child, stdin));
        let base = self.output.line_after(READY, patience::START);
        let base = base.ok_or_else(|| anyhow!("the server is not ready; it said:\n{}", self.log()))?;
        self.address = base.trim().strip_prefix("http://").context("not an address")?.to_owned();
        Ok(())
    }

    fn command(&self) -> Command {
        let Some(kib) = self.settings.max_file_kib else { return Command::new(&self.program) };
        // Without the trap, the signal that comes with the refusal would end the process.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\"", kib * 2);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(script).arg(&self.program);
        shell
    }
}

impl Drop for FragileYard {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.child {
            // Errors mean that it has ended already.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.output.show_if_panicking("the server");
    }
}

/// Makes the file that a job waits for.
pub fn make_file(path: &Path) -> Result<()> {
    std::fs::write(path, "go on").with_context(|| format!("cannot make {}", path.display()))
}
