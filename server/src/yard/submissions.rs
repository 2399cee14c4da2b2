//! How often a client may submit jobs.

use taskyard_shared::command::{Command, Reply};
use taskyard_shared::error::{ErrorCode, WireError};

use super::Yard;
use crate::services::{Client, Verdict};

impl Yard {
    /// Does what a client asks, as [`Yard::execute`] does, if it does not submit too often.
    ///
    /// # Errors
    /// As [`Yard::execute`] and [`Yard::admit`].
    pub async fn execute_for(&self, client: &Client, command: Command) -> Result<Reply, WireError> {
        if matches!(command, Command::AddJob { .. } | Command::AddJobs { .. } | Command::RunSchedule { .. }) {
            self.admit(client).await?;
        }
        self.execute(command).await
    }

    /// Counts a submission of this client, of however many jobs.
    ///
    /// # Errors
    /// `rate_limited`, with the time to wait, or the rate limiter is restarting; then it does not count.
    pub async fn admit(&self, client: &Client) -> Result<(), WireError> {
        let Some(rate) = self.inner.submissions else { return Ok(()) };
        match self.inner.services.limiter.check(format!("submit:{client}"), rate).await? {
            Verdict::Allowed { .. } => Ok(()),
            Verdict::Limited { next_at_ms } => {
                let wait_ms = u64::try_from(next_at_ms - self.inner.clock.now_ms()).unwrap_or(0).max(1);
                let message = format!(
                    "{client} submits too often: {} times in {} ms is the most; try again in {wait_ms} ms",
                    rate.count, rate.per_ms
                );
                let error = WireError::new(ErrorCode::RateLimited, message);
                Err(WireError { retry_after_ms: Some(wait_ms), ..error })
            }
        }
    }
}
