//! The two ways in which the server ends in the middle of things; after either it goes on where it was.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use taskyard_shared::job::{AttemptOutcome, JobDetail};
use taskyard_tests::api::Api;
use taskyard_tests::fragile_yard::{FragileYard, Settings};
use taskyard_tests::patience::{STOP, until};

use crate::PROGRAM;

/// For a job, a run or an operation to get where it should.
pub const WORK: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With `kill -9`.
    Killed,
    /// With SIGTERM.
    Stopped,
}

impl End {
    pub fn end(self, yard: &mut FragileYard) -> Result<()> {
        match self {
            End::Killed => yard.kill9(),
            End::Stopped => {
                yard.ask_to_stop()?;
                let status = yard.wait_for_exit(STOP)?;
                ensure!(status.code() == Some(0), "it ended with {status}");
                Ok(())
            }
        }
    }

    /// Ends the server and starts it again on the same folder; answers a client of the new one.
    pub fn and_back(self, yard: &mut FragileYard) -> Result<Api> {
        self.end(yard)?;
        yard.restart()?;
        Ok(Api::new(yard.address()))
    }
}

/// A server that gives running jobs a second when it is to stop.
pub fn start() -> Result<FragileYard> {
    FragileYard::start(PROGRAM, hasty())
}

pub fn hasty() -> Settings {
    Settings::default().set("shutdown.deadline_s", 1)
}

pub fn now_ms() -> Result<i64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis().try_into()?)
}

/// Lets a time pass while nobody is there.
pub fn until_past(at_ms: i64) -> Result<()> {
    until(WORK, || Ok((now_ms()? > at_ms).then_some(())))
}

/// How its attempts ended, without those that the end of a process cut off.
pub fn outcomes(detail: &JobDetail) -> Vec<AttemptOutcome> {
    let ended = detail.attempts.iter().filter_map(|attempt| attempt.outcome);
    ended.filter(|outcome| *outcome != AttemptOutcome::Lost).collect()
}

/// When the attempt began in which it completed.
pub fn completed_from(detail: &JobDetail) -> Result<i64> {
    let last = detail.attempts.last().filter(|last| last.outcome == Some(AttemptOutcome::Completed));
    Ok(last.with_context(|| format!("it has not completed: {detail:?}"))?.started_at_ms)
}
