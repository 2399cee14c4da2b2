//! The program `taskyard` run to its end.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::patience::until;
use crate::server::binary;

/// For a command to end.
const COMMAND: Duration = Duration::from_secs(60);

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Finished {
    /// None when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A program that runs; it is ended when this is dropped.
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

/// Runs `taskyard` with these words until it ends.
pub fn taskyard(args: &[impl AsRef<OsStr>]) -> Result<Finished> {
    let mut command = Command::new(binary()?);
    command.args(args);
    start(command)?.wait()
}

/// Tries to start a server on this data folder, which must end by itself.
pub fn serve_refused(data: &Path) -> Result<Finished> {
    let mut command = Command::new(binary()?);
    command.args(["serve", "--bind", "127.0.0.1:0", "--data"]).arg(data);
    start(command)?.wait()
}

/// Starts it with its outputs read.
pub fn start(mut command: Command) -> Result<Running> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the program")?;
    let stdout = child.stdout.take().map(read);
    let stderr = child.stderr.take().map(read);
    Ok(Running { child, stdout, stderr })
}

impl Running {
    pub fn wait(mut self) -> Result<Finished> {
        let status = until(COMMAND, || Ok(self.child.try_wait()?)).context("the program does not end")?;
        let text = |reader: Option<JoinHandle<String>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        Ok(Finished { code: status.code(), stdout, stderr })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut source: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is.
        let _ = source.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
