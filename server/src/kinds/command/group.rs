//! A process group: a program and all that it starts, unless that makes itself a group of its own.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How often it is looked whether a group that is being ended is gone: nothing tells the end of processes that are not
/// our own children.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How long the operating system may take to remove what got SIGKILL.
const KILL_TIME: Duration = Duration::from_secs(1);

/// A program that was started as the first of a group. Dropped before it has ended, it kills the group.
pub(super) struct Group {
    child: Child,
    id: Id,
    has_ended: bool,
}

/// Whether what should end has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    /// Processes that had to be ended.
    Processes,
}

impl Group {
    /// # Errors
    /// The operating system refused to start it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        command.process_group(0);
        let child = command.kill_on_drop(true).spawn()?;
        let id = Id::of(&child)?;
        Ok(Group { child, id, has_ended: false })
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Returns when the program itself has ended; what it has started may go on.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends everything that is left of the group: SIGTERM, and SIGKILL when `grace` is over. Returns when nothing is
    /// left.
    ///
    /// # Errors
    /// The operating system does not tell how the program ended.
    pub async fn end(&mut self, grace: Duration) -> io::Result<Left> {
        if self.is_gone()? {
            return Ok(Left::Nothing);
        }
        self.id.signal(Severity::Ask);
        if !self.is_gone_within(grace).await? {
            self.id.signal(Severity::Kill);
            self.child.wait().await?;
            // What is left now is on its way out, or a zombie that its new parent does not collect.
            self.is_gone_within(KILL_TIME).await?;
        }
        self.has_ended = true;
        Ok(Left::Processes)
    }

    async fn is_gone_within(&mut self, time: Duration) -> io::Result<bool> {
        let deadline = Instant::now() + time;
        loop {
            if self.is_gone()? {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            sleep(left.min(LOOK_INTERVAL)).await;
        }
    }

    fn is_gone(&mut self) -> io::Result<bool> {
        // The program itself stays a member until it is waited for.
        let is_gone = self.child.try_wait()?.is_some() && !self.id.has_members();
        self.has_ended |= is_gone;
        Ok(is_gone)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.has_ended {
            self.id.signal(Severity::Kill);
        }
    }
}

#[derive(Clone, Copy)]
enum Severity {
    /// SIGTERM.
    Ask,
    /// SIGKILL.
    Kill,
}

/// The group's number, which is that of its first process. It is not given to another process while the group has
/// members, or its first process was not waited for.
#[cfg(unix)]
struct Id(rustix::process::Pid);

#[cfg(unix)]
impl Id {
    fn of(child: &Child) -> io::Result<Self> {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        let id = number.and_then(rustix::process::Pid::from_raw);
        id.map(Id).ok_or_else(|| io::Error::other("the process has no number"))
    }

    fn signal(&self, severity: Severity) {
        let signal = match severity {
            Severity::Ask => rustix::process::Signal::TERM,
            Severity::Kill => rustix::process::Signal::KILL,
        };
        match rustix::process::kill_process_group(self.0, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => tracing::warn!(%error, ?signal, "a program takes no signal"),
        }
    }

    fn has_members(&self) -> bool {
        // Members that we may not signal are members.
        rustix::process::test_kill_process_group(self.0) != Err(rustix::io::Errno::SRCH)
    }
}

/// Nothing is declared on such systems: see [`super::CommandSetupError::NotHere`].
#[cfg(not(unix))]
struct Id;

#[cfg(not(unix))]
impl Id {
    fn of(_: &Child) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn signal(&self, _: Severity) {}

    fn has_members(&self) -> bool {
        false
    }
}
